//! Lists row by row, as NDJSON or CSV.

use std::sync::Arc;

use crate::api::csv;
use crate::api::error::ApiError;
use crate::api::json::write_row;
use crate::api::rest::format::Format;
use crate::api::rest::parse::ReadRequest;
use crate::engine::{Engine, Stream};
use crate::execute::Level;
use crate::plan::Step;
use crate::query::Count;

/// A list that is given out piece by piece.
pub struct Lines {
    stream: Stream,
    format: Format,
    request_id: String,
    /// What came first, so that a fault that shows at once is an error as always.
    first: Option<Vec<u8>>,
    ended: bool,
}

impl Lines {
    /// Begins with the first rows.
    pub async fn begin(
        engine: &Arc<Engine>,
        request: &ReadRequest,
        format: Format,
        request_id: &str,
    ) -> Result<Self, ApiError> {
        refuse_what_has_no_place(request)?;
        let mut stream = engine.stream(&request.read).await?;
        let mut first = head(&stream.plan.root, format);
        let level = stream.next().await?;
        let ended = level.is_none();
        if let Some(level) = level {
            first.extend(encode(&stream.plan.root, &level, format));
        }
        Ok(Self { stream, format, request_id: request_id.to_owned(), first: Some(first), ended })
    }

    /// The next piece; none at the end. After an error nothing more comes: the list is not whole. As NDJSON, its last line
    /// tells why.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Vec<u8>>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.ended {
            return None;
        }
        loop {
            match self.stream.next().await {
                // Rows that the filter does not keep may be many.
                Ok(Some(level)) if level.rows.is_empty() => {}
                Ok(Some(level)) => return Some(Ok(encode(&self.stream.plan.root, &level, self.format))),
                Ok(None) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => {
                    self.ended = true;
                    let error = ApiError::from(error);
                    let (id, reason) = (&self.request_id, error.code.as_str());
                    tracing::warn!(request_id = %id, reason, "a list was cut: {}", error.message);
                    return Some(Err(match self.format {
                        Format::Ndjson => format!("{}\n", error.body(Some(id))).into_bytes(),
                        _ => Vec::new(),
                    }));
                }
            }
        }
    }

    /// The media type.
    pub fn content_type(&self) -> &'static str {
        self.format.content_type()
    }
}

fn head(step: &Step, format: Format) -> Vec<u8> {
    if format == Format::Csv { csv::head(step) } else { Vec::new() }
}

fn encode(step: &Step, level: &Level, format: Format) -> Vec<u8> {
    if format == Format::Csv {
        return csv::rows(step, level);
    }
    let mut out = Vec::with_capacity(level.rows.len() * 128);
    for row in 0..level.rows.len() {
        let start = out.len();
        write_row(&mut out, step, level, row);
        // Documents stand as their databases have them, perhaps with line ends between their members.
        out[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        out.push(b'\n');
    }
    out
}

/// Lines have no place for what stands beside the rows.
fn refuse_what_has_no_place(request: &ReadRequest) -> Result<(), ApiError> {
    let asked = [
        ("include_count", request.read.count == Count::Include),
        ("count_only", request.read.count == Count::Only),
        ("include_schema", request.include_schema),
        ("as_list", request.as_list.is_some()),
        ("ids", request.read.ids.is_some()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::invalid(format!("`{name}` has no place in a list row by row"))
            .hint("leave it out, or ask for application/json")),
    }
}
