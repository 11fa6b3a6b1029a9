//! Faults of the key file: collected, each with its place, and shown as rustc shows them.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

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
                    message: fault.message.clone(),
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
        let shown: Vec<String> = self.files.iter().map(|file| without_passwords(&file.text)).collect();
        for fault in self.in_order() {
            let level = match fault.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let mut group = level.primary_title(&fault.message);
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

/// The text with every password of a url starred out, byte for byte, so that places still fit.
fn without_passwords(text: &str) -> String {
    let mut shown = text.to_owned();
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let url = &text[start..start + length_of_url(text, at)];
        for secret in secrets(url) {
            let stars = "*".repeat(secret.len());
            shown.replace_range(start + secret.start..start + secret.end, &stars);
        }
    }
    shown
}

/// Bytes from behind a `://` to the end of the string that it stands in.
fn length_of_url(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let quote = text[line..at].chars().find(|c| matches!(c, '"' | '\''));
    let rest = &text[at + 3..];
    rest.find(|c| c == '\n' || Some(c) == quote).unwrap_or(rest.len())
}

/// Where a url's passwords are: between the user and the last `@`, whatever stands there, and in its parameters.
fn secrets(url: &str) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let user_info = url.rfind('@').map_or("", |end| &url[..end]);
    if let Some(colon) = user_info.find(':')
        && !is_placeholder(&user_info[colon + 1..])
    {
        secrets.push(colon + 1..user_info.len());
    }
    for (at, _) in url.match_indices(['?', '&']) {
        let parameter = &url[at + 1..];
        let parameter = &parameter[..parameter.find('&').unwrap_or(parameter.len())];
        if let Some((name, value)) = parameter.split_once('=')
            && ["pass", "pwd", "secret", "token"].iter().any(|word| name.to_ascii_lowercase().contains(word))
            && !is_placeholder(value)
        {
            let start = at + 1 + name.len() + 1;
            secrets.push(start..start + value.len());
        }
    }
    secrets
}

/// Whether a text is one `${…}` that carries no default, which could be a password itself.
fn is_placeholder(text: &str) -> bool {
    text.strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.contains(":-") && !name.contains(['{', '}']))
}

#[cfg(test)]
mod tests {
    use super::without_passwords;

    fn check(text: &str, expected: &str) {
        let shown = without_passwords(text);
        assert_eq!(shown, expected);
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn passwords_are_starred_out() {
        check(r#"url = "postgres://app:s3cret@db/crm""#, r#"url = "postgres://app:******@db/crm""#);
        check(r#"url = "mysql://app@db:3306/x""#, r#"url = "mysql://app@db:3306/x""#);
        check(r#"url = "mysql://a:${PASSWORD}@db/x""#, r#"url = "mysql://a:${PASSWORD}@db/x""#);
        check(r#"url = "mysql://a:${file:/run/p}@db/x""#, r#"url = "mysql://a:${file:/run/p}@db/x""#);
        check("a = 'x://u:p@h'\nb = 'y://u:p@h'", "a = 'x://u:*@h'\nb = 'y://u:*@h'");
    }

    #[test]
    fn passwords_in_odd_places_are_starred_out_too() {
        check(r#"url = "postgres://app:a/b@c d'e@db/crm""#, r#"url = "postgres://app:*********@db/crm""#);
        check(
            r#"url = "postgres://db/crm?user=a&password=s3&x=1""#,
            r#"url = "postgres://db/crm?user=a&password=**&x=1""#,
        );
        check(r#"url = "mysql://a:${P:-s3cret}@db/x""#, r#"url = "mysql://a:************@db/x""#);
        check(
            r#"url = "${CRM_URL:-postgres://app:s3cret@db/crm}""#,
            r#"url = "${CRM_URL:-postgres://app:******@db/crm}""#,
        );
        check(r#"url = "postgres://app:s3cret@db/crm"#, r#"url = "postgres://app:******@db/crm"#);
    }
}
