//! Substitution in texts: `${VAR}`, `${VAR:-default}`, `${file:/path}`; `$$` is a dollar sign.

/// Why a text cannot be expanded.
#[derive(Debug, thiserror::Error)]
pub enum ExpandError {
    /// No such variable, and no default.
    #[error("the environment variable `{0}` is not set")]
    NotSet(String),
    /// A file of a secret.
    #[error("cannot read `{0}`: {1}")]
    Unreadable(String, std::io::Error),
    /// A brace is missing.
    #[error("`${{` without its `}}`")]
    NotClosed,
}

impl ExpandError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        matches!(self, ExpandError::NotSet(_)).then(|| "set it, or give a default as in ${NAME:-default}".into())
    }
}

/// Replaces all variables.
pub fn expand(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('{') {
            let end = tail.find('}').ok_or(ExpandError::NotClosed)?;
            out.push_str(&variable(&tail[..end], env)?);
            rest = &tail[end + 1..];
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn variable(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    if let Some(path) = name.strip_prefix("file:") {
        let secret = std::fs::read_to_string(path).map_err(|error| ExpandError::Unreadable(path.to_owned(), error))?;
        return Ok(secret.trim_end_matches(['\n', '\r']).to_owned());
    }
    let (name, default) = match name.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (name, None),
    };
    match (env(name).filter(|value| default.is_none() || !value.is_empty()), default) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(ExpandError::NotSet(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let env = |name: &str| (name == "HOST").then(|| "db1".to_owned());
        assert_eq!(
            expand(text, &env).map_err(|error| error.to_string()),
            expected.map(str::to_owned).map_err(str::to_owned)
        );
    }

    #[test]
    fn variables_are_replaced() {
        check("postgres://${HOST}/x", Ok("postgres://db1/x"));
        check("${PORT:-5432}$$", Ok("5432$"));
        check("${PORT}", Err("the environment variable `PORT` is not set"));
        check("${HOST", Err("`${` without its `}`"));
    }
}
