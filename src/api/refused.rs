//! Why the key file was not changed, as clients read it.

use crate::api::error::ApiError;
use crate::engine::edit::Refused;
use crate::error::Code;

/// The error of a change that was not made.
pub fn refused(refused: Refused) -> ApiError {
    match refused {
        Refused::Stale => ApiError::new(Code::Conflict, "the key file has changed meanwhile").hint("try again"),
        Refused::Unwritable(cause) => {
            tracing::warn!(cause, "the key file cannot be written");
            ApiError::new(Code::ReadOnly, "the key file cannot be written")
                .hint("the log tells why; add the entry by hand where the file is kept")
        }
        Refused::Unknown => {
            ApiError::new(Code::SourceUnavailable, "the database does not answer: which name stands is not known")
                .hint("look when it is back; `crosskey check` tells whether the key file fits it")
        }
        Refused::Unfinished(unknown) if !unknown.is_empty() => {
            let names: Vec<&str> = unknown.iter().map(|name| name.as_str()).collect();
            let message =
                format!("whether writes are still to be finished is not known: {} does not answer", names.join(", "));
            ApiError::new(Code::Conflict, message).hint("try again when it is back, or change the file by hand")
        }
        Refused::Unfinished(_) => ApiError::new(Code::Conflict, "writes of several databases are still to be finished")
            .hint("`/admin/transactions` lists them"),
        Refused::Source(error) => ApiError::from(crate::engine::Error::from(crate::execute::ExecuteError::from(error))),
        Refused::Unfit(why) => ApiError::invalid(why).hint("change it by hand"),
        Refused::Faulty(faults) => {
            let lines = faults.lines();
            let first = lines.iter().find(|line| line.severity == crate::config::Severity::Error).or(lines.first());
            let message = first.map_or_else(|| "the key file would be faulty".to_owned(), |line| line.message.clone());
            let error = ApiError::invalid(message);
            match first.and_then(|line| line.hint.clone()) {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
    }
}
