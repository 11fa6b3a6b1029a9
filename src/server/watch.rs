//! Notices that the key file or an included one changed, and SIGHUP; both load the configuration anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::config;
use crate::engine::Engine;

/// Editors write a file in several steps; they are taken together.
const SETTLE: Duration = Duration::from_millis(150);

/// Reloads until the process ends.
pub async fn watch(engine: Arc<Engine>) {
    let mut hangups = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        Ok(signal) => signal,
        Err(error) => return tracing::warn!(%error, "SIGHUP cannot be received"),
    };
    let (sender, mut changes) = mpsc::channel(16);
    let mut watched = Watched::default();
    let mut watcher = None;
    loop {
        let wanted = Watched::of(&engine);
        if wanted != watched {
            watcher = match wanted.watch(sender.clone()) {
                Ok(watcher) => Some(watcher),
                Err(error) => {
                    tracing::warn!(%error, "the key file is not watched; SIGHUP still loads it anew");
                    None
                }
            };
            watched = wanted;
            // What changed before the watch began is not told by it.
            if changed_since_loaded(&engine) {
                let _ = engine.reload().await;
                continue;
            }
        }
        tokio::select! {
            _ = hangups.recv() => {}
            _ = changes.recv(), if watcher.is_some() => {
                tokio::time::sleep(SETTLE).await;
                while changes.try_recv().is_ok() {}
            }
        }
        // Errors are logged, and /readyz tells of them.
        let _ = engine.reload().await;
    }
}

/// What is watched: the files that were loaded, and those that the patterns of `include` would add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Watched {
    files: Vec<PathBuf>,
    patterns: Vec<glob::Pattern>,
    folders: Vec<PathBuf>,
}

impl Watched {
    fn of(engine: &Engine) -> Self {
        let snapshot = engine.snapshot();
        let mut files: Vec<PathBuf> = snapshot.config.files.iter().map(|file| absolute(&file.path)).collect();
        files.push(absolute(&engine.path));
        let includes: Vec<PathBuf> = snapshot.config.include.iter().map(|pattern| absolute(pattern)).collect();
        let patterns = includes.iter().filter_map(|pattern| glob::Pattern::new(&pattern.to_string_lossy()).ok());
        // Folders rather than files: editors and Kubernetes replace a file by another one. Those of a pattern are the
        // ones it matches now, and the one above them, where the next may appear.
        let mut folders: Vec<PathBuf> = files.iter().map(|path| folder(path)).collect();
        for pattern in &includes {
            let within = folder(pattern);
            folders.extend(glob::glob(&within.to_string_lossy()).into_iter().flatten().filter_map(Result::ok));
            let named = within.ancestors().find(|part| !part.to_string_lossy().contains(['*', '?', '[']));
            folders.extend(named.and_then(|part| part.ancestors().find(|part| part.is_dir())).map(Path::to_owned));
        }
        folders.retain(|folder| folder.is_dir());
        let mut watched = Self { patterns: patterns.collect(), files, folders };
        watched.files.sort();
        watched.folders.sort();
        watched.folders.dedup();
        watched
    }

    fn watch(&self, sender: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
        let ours = self.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !event.kind.is_access() && event.paths.iter().any(|path| ours.concerns(path)) {
                // A full channel already holds the news.
                let _ = sender.try_send(());
            }
        })?;
        for folder in &self.folders {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    }

    fn concerns(&self, path: &Path) -> bool {
        // Kubernetes swaps a folder behind `..data` rather than touching the file.
        path.ends_with("..data")
            || self.files.iter().any(|file| file == path)
            || self.patterns.iter().any(|pattern| pattern.matches_path(path))
            // A folder that a pattern needs has come.
            || path.is_dir() && self.patterns.iter().any(|pattern| leads_to(path, pattern.as_str()))
    }
}

/// Whether a folder may hold what a pattern looks for.
fn leads_to(folder: &Path, pattern: &str) -> bool {
    Path::new(pattern)
        .ancestors()
        .skip(1)
        .any(|part| glob::Pattern::new(&part.to_string_lossy()).is_ok_and(|pattern| pattern.matches_path(folder)))
}

fn changed_since_loaded(engine: &Engine) -> bool {
    let loaded = engine.snapshot();
    match config::load(&engine.path) {
        Ok((now, _)) => now.files != loaded.config.files,
        Err(_) => engine.refused().is_none(),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn folder(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_files_concern_us() {
        let watched = Watched {
            files: vec!["/etc/crosskey/main.conf".into()],
            patterns: vec![glob::Pattern::new("/etc/crosskey/keys/*.toml").expect("a pattern")],
            folders: Vec::new(),
        };
        for (path, expected) in [
            ("/etc/crosskey/main.conf", true),
            ("/etc/crosskey/other.toml", false),
            ("/etc/crosskey/keys/new.toml", true),
            ("/etc/crosskey/keys/new.toml.swp", false),
            ("/etc/crosskey/..data", true),
        ] {
            assert_eq!(watched.concerns(Path::new(path)), expected, "{path}");
        }
        assert!(leads_to(Path::new("/etc/crosskey/keys"), "/etc/crosskey/keys/*.toml"));
        assert!(!leads_to(Path::new("/etc/crosskey/else"), "/etc/crosskey/keys/*.toml"));
    }
}
