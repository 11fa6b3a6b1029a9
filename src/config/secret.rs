//! Texts for people without what must stay secret: passwords in urls, and values of settings that sound like one.
//!
//! What is shown may be faulty in any way, so nothing is parsed here: a setting is a name, `=` and what follows.

use std::ops::Range;

/// Parts of names whose values are not shown.
const SECRETIVE: [&str; 5] = ["pass", "pwd", "secret", "token", "credential"];

/// The text with every secret starred out, byte for byte, so that places still fit.
pub fn without_secrets(text: &str) -> String {
    let mut shown = text.to_owned();
    let mut hide = |range: Range<usize>| {
        let stars: String = text[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
        shown.replace_range(range, &stars);
    };
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let url = &text[start..start + length_of_url(text, at)];
        for secret in secrets(url) {
            hide(start + secret.start..start + secret.end);
        }
    }
    for (at, _) in text.match_indices('=') {
        let name = setting_before(text, at);
        let value = value_after(text, at + 1);
        let inner = &text[value.clone()];
        if is_placeholder(inner) || inner.is_empty() {
            continue;
        }
        if is_secretive(name) {
            hide(value);
        } else if name.eq_ignore_ascii_case("url")
            && !is_plain_url(inner)
            && let Some(mark) = inner.find([':', '=', '\\'])
        {
            // Not a url that we understand: whatever stands behind its first word may be a password.
            hide(value.start + mark + 1..value.end);
        }
    }
    shown
}

/// A url whose secrets are found by where they stand.
fn is_plain_url(text: &str) -> bool {
    // The default of a variable is a url too.
    let text =
        match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).and_then(|rest| rest.split_once(":-")) {
            Some((_, default)) => default,
            None => text,
        };
    let scheme = text.split(':').next().unwrap_or_default();
    let secret =
        |text: &str| text.split(['?', '&']).skip(1).any(|part| is_secretive(part.split('=').next().unwrap_or("")));
    let file = scheme == "sqlite" && !text.contains(['@', '\n']) && !secret(text);
    file || !text.contains(['\\', '\n']) && text.contains("://")
}

/// The name of the setting whose `=` stands here.
fn setting_before(text: &str, at: usize) -> &str {
    let before = text[..at].trim_end_matches([' ', '\t', '"', '\'']);
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8));
    &before[start..]
}

/// The value behind an `=`, without its quotes: to the end of the line where it has none.
fn value_after(text: &str, from: usize) -> Range<usize> {
    let start = from + text[from..].len() - text[from..].trim_start_matches([' ', '\t']).len();
    let rest = &text[start..];
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            let several_lines = quote.len() == 3;
            let mut escaped = false;
            let end = inner.char_indices().find(|(at, c)| {
                let ends = !escaped && inner[*at..].starts_with(quote) || !several_lines && *c == '\n';
                escaped = !escaped && *c == '\\' && quote.starts_with('"');
                ends
            });
            let end = end.map_or(inner.len(), |(at, _)| at);
            return start + quote.len()..start + quote.len() + end;
        }
    }
    start..start + rest.find(['\n', '&', '"', '\'']).unwrap_or(rest.len())
}

fn is_secretive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETIVE.iter().any(|part| name.contains(part)) || name == "key" || name.ends_with("_key") && name != "foreign_key"
}

/// Bytes from behind a `://` to the end of the string that it stands in.
fn length_of_url(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let quote = text[line..at].chars().find(|c| matches!(c, '"' | '\'' | '`'));
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
            && is_secretive(name)
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
    use super::without_secrets;

    fn check(text: &str, expected: &str) {
        let shown = without_secrets(text);
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

    #[test]
    fn what_is_no_url_is_not_shown_either() {
        check(r#"url = "u:s3cret@127.0.0.1/x""#, r#"url = "u:******************""#);
        check(r#"url = "postgres:u:s3cret@h""#, r#"url = "postgres:**********""#);
        check(r#"url = "host=h password=s3 dbname=x""#, r#"url = "host=**********************""#);
        check("password = \"s3cret\" # no\nmax = 3", "password = \"******\" # no\nmax = 3");
        check(
            "a = { url='x', api_key = 's3', keys_per_batch = 5 }",
            "a = { url='x', api_key = '**', keys_per_batch = 5 }",
        );
        check("url = \"\"\"postgres://u:\\\n  s3@h\"\"\"\nb = 1", "url = \"\"\"postgres:*****\n******\"\"\"\nb = 1");
        check(r#"url = "\u0070ostgres:\u002f/u:s3@h""#, r#"url = "\**************************""#);
        check(r#"url = "sqlite:x.db?key=s3""#, r#"url = "sqlite:***********""#);
        check(r#"url = "${X:-sqlite:/data/x.db}""#, r#"url = "${X:-sqlite:/data/x.db}""#);
        check(r#"url = "sqlite:x.db?mode=ro""#, r#"url = "sqlite:x.db?mode=ro""#);
        check(r#"url = "sqlite:x.db""#, r#"url = "sqlite:x.db""#);
        check(r#"url = "${CRM_URL}""#, r#"url = "${CRM_URL}""#);
        check("`postgres://u:s3@h` cannot be a source's name", "`postgres://u:**@h` cannot be a source's name");
    }
}
