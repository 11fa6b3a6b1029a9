//! Substitution in texts: `${VAR}`, `${VAR:-default}`, `${file:/path}`; `$$` is a dollar sign.

/// Replaces all variables. `Err` says what is undefined.
pub fn expand(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('{') {
            let end = tail.find('}').ok_or("`${` without its `}`")?;
            out.push_str(&variable(&tail[..end], env)?);
            rest = &tail[end + 1..];
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn variable(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    if let Some(path) = name.strip_prefix("file:") {
        let secret = std::fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
        return Ok(secret.trim_end_matches(['\n', '\r']).to_owned());
    }
    let (name, default) = match name.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (name, None),
    };
    match (env(name).filter(|value| default.is_none() || !value.is_empty()), default) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!("the environment variable `{name}` is not set")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let env = |name: &str| (name == "HOST").then(|| "db1".to_owned());
        assert_eq!(expand(text, &env).as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn variables_are_replaced() {
        check("postgres://${HOST}/x", Ok("postgres://db1/x"));
        check("${PORT:-5432}$$", Ok("5432$"));
        check("${PORT}", Err("the environment variable `PORT` is not set"));
        check("${HOST", Err("`${` without its `}`"));
    }
}
