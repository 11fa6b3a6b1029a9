//! The key file: its shape (`file`), its meaning (`checked`, made by `check`), and how it is read (`load`).

pub mod check;
pub mod checked;
pub mod edit;
mod entries;
pub mod expand;
pub mod fault;
pub mod file;
pub mod later;
pub mod load;
pub mod path;
pub mod secret;
pub mod shape;
pub mod units;

pub use checked::{
    Action, Config, Console, Enforce, JsonShape, Limits, ManyMany, MemberType, OnUnavailable, Source, SourceKind,
    VirtualKey,
};
pub use fault::{Fault, Faults, Place, Severity};
pub use load::{load, load_text, load_texts, load_what_can_be, process_env};
pub use path::ColumnPath;
