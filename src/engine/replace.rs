//! New texts of files, all of them put in place at once, or none.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::engine::edit::Refused;

/// A file's new text beside it, ready to take its place.
pub struct Replacement {
    path: PathBuf,
    new: PathBuf,
    before: String,
}

impl Replacement {
    /// Writes the text beside the file.
    pub fn prepare(path: &Path, before: &str, text: &str) -> Result<Self, Refused> {
        let prepared = || {
            if std::fs::metadata(path)?.permissions().readonly() {
                return Err(std::io::ErrorKind::PermissionDenied.into());
            }
            // Where the name is a link, what it leads to is replaced.
            let path = std::fs::canonicalize(path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let new = path.with_file_name(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
            let replacement = Self { path, new, before: before.to_owned() };
            // It may hold passwords.
            let mut file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&replacement.new)?;
            file.write_all(text.as_bytes())?;
            file.set_permissions(std::fs::metadata(&replacement.path)?.permissions())?;
            file.sync_all()?;
            Ok::<_, std::io::Error>(replacement)
        };
        prepared().map_err(|error| Refused::Unwritable(error.to_string()))
    }

    fn is_as_it_was(&self) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|text| text == self.before)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.new);
    }
}

/// Puts all of them in place, or none.
pub fn replace_all(changes: &[Replacement]) -> Result<(), Refused> {
    if !changes.iter().all(Replacement::is_as_it_was) {
        return Err(Refused::Stale);
    }
    for (at, change) in changes.iter().enumerate() {
        if let Err(error) = std::fs::rename(&change.new, &change.path) {
            for done in &changes[..at] {
                if let Err(error) = std::fs::write(&done.path, &done.before) {
                    tracing::error!(file = %done.path.display(), %error, "a file could not be given its old text");
                }
            }
            return Err(Refused::Unwritable(error.to_string()));
        }
    }
    Ok(())
}
