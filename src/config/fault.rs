//! Faults of the key file: collected, each with its place, and shown as rustc shows them.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::config::secret::without_secrets;

/// Where in which file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Position in [`Faults::files`].
    pub file: usize,
    /// Byte range in that file's text.
    pub span: Range<usize>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can, but someone should look.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` for what concerns no line, such as a database that does not answer.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Fault {
    /// An error at a place.
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place: Some(place), message: message.into(), hint: None }
    }

    /// A warning at a place.
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, message) }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the closest valid name, if there is one.
    #[must_use]
    pub fn closest(self, closest: Option<&str>) -> Self {
        match closest {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// The text of one file, as a person wrote it: nothing substituted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// As given on the command line or in `include`.
    pub path: PathBuf,
    /// Its content.
    pub text: Arc<str>,
}

/// All faults of one load, with the texts they point into.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The main file first, then its includes.
    pub files: Vec<SourceText>,
    /// In order of discovery.
    pub list: Vec<Fault>,
}

/// One fault for programs: `check --format json`.
#[derive(Debug, Serialize)]
pub struct FaultLine {
    /// `error` or `warning`.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Which file.
    pub file: Option<String>,
    /// Counted from 1.
    pub line: Option<usize>,
    /// Counted from 1, in characters.
    pub column: Option<usize>,
}

impl Faults {
    /// In the order of the files, and of their lines; what has no place comes last.
    fn in_order(&self) -> Vec<&Fault> {
        let mut list: Vec<&Fault> = self.list.iter().collect();
        list.sort_by_key(|fault| fault.place.as_ref().map_or((usize::MAX, 0), |place| (place.file, place.span.start)));
        list
    }

    /// Whether any of them keeps the file from being used.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// For programs.
    pub fn lines(&self) -> Vec<FaultLine> {
        self.in_order()
            .into_iter()
            .map(|fault| {
                let position = fault.place.as_ref().map(|place| self.position(place));
                FaultLine {
                    severity: fault.severity,
                    message: without_secrets(&fault.message),
                    hint: fault.hint.clone(),
                    file: fault.place.as_ref().map(|place| self.files[place.file].path.display().to_string()),
                    line: position.map(|(line, _)| line),
                    column: position.map(|(_, column)| column),
                }
            })
            .collect()
    }

    fn position(&self, place: &Place) -> (usize, usize) {
        let text = &self.files[place.file].text;
        let before = &text[..place.span.start.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// For people, as rustc prints: message, place, the line itself, and how to mend it.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        let shown: Vec<String> = self.files.iter().map(|file| without_secrets(&file.text)).collect();
        for fault in self.in_order() {
            let level = match fault.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let message = without_secrets(&fault.message);
            let mut group = level.primary_title(&message);
            let mut report = Vec::new();
            let path;
            let group = match &fault.place {
                Some(place) => {
                    let file = &self.files[place.file];
                    path = file.path.display().to_string();
                    let text = &shown[place.file];
                    let span = place.span.start.min(text.len())..place.span.end.min(text.len());
                    let snippet =
                        Snippet::source(text.as_str()).path(&*path).annotation(AnnotationKind::Primary.span(span));
                    let mut group = group.element(snippet);
                    if let Some(hint) = &fault.hint {
                        group = group.element(Level::HELP.message(hint));
                    }
                    group
                }
                None => {
                    if let Some(hint) = &fault.hint {
                        group = group.clone();
                        group.element(Level::HELP.message(hint))
                    } else {
                        annotate_snippets::Group::with_title(group)
                    }
                }
            };
            report.push(group);
            text.push_str(&renderer.render(&report));
            text.push_str("\n\n");
        }
        text
    }
}
