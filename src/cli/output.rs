//! Exit codes, and how faults are printed.

use std::path::Path;

use crate::config::{self, Config, Faults, Severity};

/// Fine, or warnings only.
pub const FINE: u8 = 0;
/// Problems were found.
pub const PROBLEMS: u8 = 1;
/// The command could not run.
pub const COULD_NOT_RUN: u8 = 2;

/// A text on standard output. Who reads no further is not told more.
pub fn say(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// The key file, its faults printed; none where it cannot be used.
pub fn loaded(path: &Path, colours: bool) -> Option<Config> {
    match config::load(path) {
        Ok((config, faults)) => {
            print_faults(&faults, colours);
            Some(config)
        }
        Err(faults) => {
            print_faults(&faults, colours);
            None
        }
    }
}

/// Faults on standard error, and how many there are.
pub fn print_faults(faults: &Faults, colours: bool) {
    if faults.list.is_empty() {
        return;
    }
    eprint!("{}", faults.render(colours));
    let errors = faults.list.iter().filter(|fault| fault.severity == Severity::Error).count();
    let warnings = faults.list.len() - errors;
    eprintln!("{errors} error(s), {warnings} warning(s)");
}
