//! The form of a list: JSON, or row by row as NDJSON or CSV.

use http::{HeaderMap, header};

use crate::api::error::ApiError;

/// The form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// One line a row, in the form of RFC 4180, names first.
    Csv,
}

impl Format {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// What the client likes best of what there is; JSON where it likes nothing of it.
    fn accepted(headers: &HeaderMap) -> Self {
        let mut best = (0.0, Format::Json);
        for value in headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()) {
            for range in value.split(',') {
                let mut parts = range.split(';').map(str::trim);
                let format = match parts.next().map(str::to_ascii_lowercase).as_deref() {
                    Some("application/x-ndjson" | "application/ndjson" | "application/jsonl") => Format::Ndjson,
                    Some("text/csv") => Format::Csv,
                    Some("application/json" | "application/*" | "*/*") => Format::Json,
                    _ => continue,
                };
                let quality =
                    parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |text| text.parse().unwrap_or(0.0));
                if quality > best.0 {
                    best = (quality, format);
                }
            }
        }
        best.1
    }

    /// By the name of the file that is asked for, else by what the client accepts.
    pub fn of(headers: &HeaderMap, file: Option<&str>) -> Result<Self, ApiError> {
        match file.and_then(|file| file.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
            None => Ok(Self::accepted(headers)),
            Some("json") => Ok(Format::Json),
            Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
            Some("csv") => Ok(Format::Csv),
            Some(ending) => Err(ApiError::invalid(format!("files that end in .{ending} are not written"))
                .hint("name a file that ends in .json, .ndjson or .csv")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_best_liked_form_is_taken() {
        let of = |value: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(value).expect("text"))]);
            Format::of(&headers, None).expect("a form")
        };
        assert_eq!(of("application/x-ndjson"), Format::Ndjson);
        assert_eq!(of("text/csv, application/json;q=0.5"), Format::Csv);
        assert_eq!(of("text/csv;q=0.2, application/json;q=0.5"), Format::Json);
        assert_eq!(of("text/html, */*"), Format::Json);
        assert_eq!(of("application/x-ndjson;q=0"), Format::Json);
        assert_eq!(Format::of(&HeaderMap::new(), Some("all.CSV")).expect("a form"), Format::Csv);
        assert_eq!(Format::of(&HeaderMap::new(), Some("true")).expect("a form"), Format::Json);
    }
}
