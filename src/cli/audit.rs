//! `crosskey audit`: dangling references of all keys.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output::{COULD_NOT_RUN, FINE, PROBLEMS, loaded, print_faults, say};
use crate::engine::audit::{KeyReport, Progress, Repair, Repairing};
use crate::engine::{Engine, Snapshot};

/// The form of the report.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// All of it, for programs.
    Json,
    /// One line a key.
    Csv,
}

/// What is done to rows whose references lead nowhere.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Repairs {
    /// They refer to nothing.
    Null,
    /// They are removed.
    Delete,
}

impl Repairs {
    /// The same for the engine.
    pub fn repairing(self, apply: bool) -> Repairing {
        Repairing { how: if matches!(self, Repairs::Null) { Repair::Null } else { Repair::Delete }, apply }
    }
}

/// Audits all keys of the file, or one; repairs what it finds, where that is asked for.
pub async fn audit(path: &Path, only: Option<&str>, repairing: Option<Repairing>, form: Form, colours: bool) -> u8 {
    let Some(config) = loaded(path, colours) else { return COULD_NOT_RUN };
    let (snapshot, down) = Snapshot::open(config, None).await;
    let unreached = !down.is_empty();
    for (source, cause) in down {
        eprintln!("error: source `{source}` does not answer, so its keys are not audited: {cause}");
    }
    print_faults(&snapshot.faults, colours);
    let unusable = snapshot.faults.has_errors();
    let engine = Arc::new(Engine::new(path.to_owned(), snapshot));
    let mut bar = Bar::new();
    let reports = engine.audit(only, repairing, &mut bar).await;
    bar.bar.finish_and_clear();
    let reports = match reports {
        Ok(reports) => reports,
        Err(message) => {
            eprintln!("error: {message}");
            return COULD_NOT_RUN;
        }
    };
    match form {
        Form::Text => say(&reports.iter().map(text).collect::<String>()),
        Form::Json => {
            say(&format!("{}\n", serde_json::to_string_pretty(&reports).expect("reports have a JSON form")));
        }
        Form::Csv => say(&lines(&reports)),
    }
    match () {
        () if unreached || unusable || reports.iter().any(|report| report.error.is_some()) => COULD_NOT_RUN,
        () if reports.iter().any(is_left) => PROBLEMS,
        () => FINE,
    }
}

/// Whether references that lead nowhere are left.
fn is_left(report: &KeyReport) -> bool {
    match &report.repair {
        Some(repair) => {
            if repair.applied {
                repair.failed > 0
            } else {
                repair.rows > 0
            }
        }
        None => report.orphans > 0,
    }
}

fn text(report: &KeyReport) -> String {
    let native = if report.native { " (native)" } else { "" };
    let (column, references) = (report.column.join(", "), report.references.join(", "));
    let mut text = format!("{}: {column} -> {references}{native}\n", report.key);
    let counted = |number: u64, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let counts = [(report.rows, "row"), (report.checked, "reference"), (report.orphans, "orphan")];
    // Writing to a text does not fail.
    let _ = writeln!(text, "  {}", counts.map(|(number, word)| counted(number, word)).join(", "));
    for sample in &report.samples {
        let row = serde_json::Value::Object(sample.row.clone());
        let _ = writeln!(text, "    {row}: {}", sample.values.join(", "));
    }
    if report.orphans > report.samples.len() as u64 {
        text.push_str("    …\n");
    }
    if let Some(repair) = report.repair.as_ref().filter(|repair| repair.rows > 0) {
        let done = if repair.action == "null" { "made to refer to nothing" } else { "removed" };
        let _ = match repair.applied {
            false => writeln!(text, "  {} would be {done}; --apply does it", counted(repair.rows, "row")),
            true => writeln!(text, "  {} {done}", counted(repair.repaired, "row")),
        };
        if let Some(cause) = &repair.cause {
            let _ = writeln!(text, "  {} could not be: {cause}", counted(repair.failed, "row"));
        }
    }
    if let Some(error) = &report.error {
        let _ = writeln!(text, "  not finished: {error}");
    }
    text
}

fn lines(reports: &[KeyReport]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["key", "column", "references", "native", "rows", "checked", "orphans", "repaired", "error"];
    // Writing to memory does not fail.
    writer.write_record(head).expect("a line in memory");
    for report in reports {
        let record = [
            report.key.clone(),
            report.column.join(","),
            report.references.join(","),
            report.native.to_string(),
            report.rows.to_string(),
            report.checked.to_string(),
            report.orphans.to_string(),
            report.repair.as_ref().map(|repair| repair.repaired.to_string()).unwrap_or_default(),
            report.error.clone().unwrap_or_default(),
        ];
        writer.write_record(record).expect("a line in memory");
    }
    String::from_utf8(writer.into_inner().expect("lines in memory")).expect("texts are UTF-8")
}

/// A bar on standard error, where that is a terminal.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{msg:30!} {wide_bar} {human_pos} of about {human_len} rows");
        Self { bar: ProgressBar::hidden().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())) }
    }
}

impl Progress for Bar {
    fn begin(&mut self, key: &str, rows: Option<u64>) {
        self.bar.reset();
        self.bar.set_message(key.to_owned());
        self.bar.set_length(rows.unwrap_or(0));
        // Not before it has something to show.
        if std::io::stderr().is_terminal() && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.tick();
        }
    }

    fn advance(&mut self, rows: u64) {
        self.bar.inc(rows);
        // The number of rows was an estimate.
        self.bar.set_length(self.bar.length().unwrap_or(0).max(self.bar.position()));
    }
}
