//! A whole operation: the root fields of a query are planned first, and then read at the same time; those of a mutation are
//! done one after the other.

use std::cell::Cell;
use std::sync::Arc;

use apollo_compiler::executable::{OperationType, SelectionSet};
use apollo_compiler::introspection;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use futures_util::future::{join_all, try_join};
use http::StatusCode;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::api::graphql::collect::{Collected, Operation};
use crate::api::graphql::document::Notes;
use crate::api::graphql::encode::{self, bind};
use crate::api::graphql::error::Fault;
use crate::api::graphql::filter::Inputs;
use crate::api::graphql::mutate::wrote;
use crate::api::graphql::parsed::Document;
use crate::api::graphql::planned::{Field, Gives, Keyed, Planned, ReadField};
use crate::api::graphql::prepared::{PlanName, Prepared};
use crate::api::graphql::request::Asked;
use crate::api::graphql::select::Reading;
use crate::api::graphql::write::{self, RootWrite};
use crate::engine::explain::Explained;
use crate::engine::{Engine, Snapshot, planned};
use crate::error::Code;
use crate::execute::{Budget, Partial};
use crate::plan::ReadPlan;
use crate::value::json::member;

/// Most fields of the schema's description that an operation asks for.
const INTROSPECTED: usize = 600;
/// Most root fields of an operation: each is a read of its own.
const ROOTS: usize = 100;

/// An answer.
pub struct Answer {
    /// The body.
    pub body: Vec<u8>,
    /// The status where the client takes `application/graphql-response+json`.
    pub status: StatusCode,
}

/// How a request is to be answered.
pub struct How<'a> {
    /// No mutation, as of GET.
    pub reads: bool,
    /// From the databases alone.
    pub bypass_cache: bool,
    /// The client's name for the request.
    pub named: Option<&'a str>,
    /// The request's id, for errors.
    pub request_id: Option<&'a str>,
}

/// An operation that is ready.
enum Ready {
    /// Reads, and the plans of those that are for other keys than they were planned for.
    Reads(Arc<Planned>, Vec<Option<ReadPlan>>),
    Writes(Vec<WriteField>),
}

/// A field of a mutation.
struct WriteField {
    key: String,
    does: Does,
}

enum Does {
    Write(Box<RootWrite>),
    /// What is known already, as JSON.
    Known(Vec<u8>),
}

/// Answers a request.
pub async fn answer(engine: &Arc<Engine>, prepared: &Prepared, asked: &Asked, how: &How<'_>) -> Answer {
    let live = engine.snapshot();
    match ready(&live, prepared, asked, how) {
        Ok(Ready::Reads(plan, keyed)) => read(engine, live, &plan, &keyed, how).await,
        Ok(Ready::Writes(fields)) => Box::pin(write_all(engine, &live, fields, how.request_id)).await,
        Err(faults) => refused(&faults, how.request_id),
    }
}

/// Tells how the reads of an operation are answered; with `analyze` they are run, and with `bypass_cache` not from memory.
///
/// # Errors
/// What is wrong with the operation, or with one of its fields.
pub async fn explain(
    engine: &Arc<Engine>,
    asked: &Asked,
    (analyze, bypass_cache): (bool, bool),
) -> Result<Vec<Explained>, Vec<Fault>> {
    let live = engine.snapshot();
    let how = How { reads: false, bypass_cache, named: None, request_id: None };
    let Ready::Reads(planned, _) = ready(&live, &Prepared::default(), asked, &how)? else {
        let mut fault = Fault::invalid("a mutation is not explained");
        fault.error.hint = Some("`dry_run: true` tells what it would change".into());
        return Err(vec![fault]);
    };
    let mut steps = Vec::new();
    for field in &planned.fields {
        let Gives::Read(read) = &field.gives else { continue };
        for plan in std::iter::once(&read.plan).chain(&read.counts) {
            let explained = engine.explain_plan(&live, plan, bypass_cache, (analyze, true)).await;
            steps.extend(explained.map_err(|error| vec![Fault::from(error).at(&field.key)])?);
        }
    }
    Ok(steps)
}

/// The answer to an operation that was not executed.
pub fn refused(faults: &[Fault], request_id: Option<&str>) -> Answer {
    let errors: Vec<Value> = faults.iter().map(|fault| fault.json(request_id)).collect();
    let status = faults.first().map_or(StatusCode::BAD_REQUEST, |fault| fault.error.status());
    Answer { body: serde_json::json!({"errors": errors}).to_string().into_bytes(), status }
}

fn ready(live: &Arc<Snapshot>, prepared: &Prepared, asked: &Asked, how: &How<'_>) -> Result<Ready, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let schema = prepared.schema(live).map_err(one)?;
    let mut name = PlanName { query: asked.query.clone(), operation: asked.operation.clone(), variables: None };
    if let Some(plan) = prepared.plan(&name, live.number)
        && let Some(document) = &plan.keyed
    {
        let variables = document.variables(asked)?;
        let keyed = plan.of(live, &variables).map_err(one)?;
        return Ok(Ready::Reads(plan, keyed));
    }
    name.variables = Some(serde_json::to_string(&asked.variables).unwrap_or_default());
    if let Some(plan) = prepared.plan(&name, live.number) {
        return Ok(Ready::Reads(plan, Vec::new()));
    }
    let document = prepared.document(&schema, &asked.query)?;
    let operation = document.operation(asked)?;
    if how.reads && operation.operation_type != OperationType::Query {
        let error = ApiError::invalid("a mutation is sent by POST");
        return Err(one(ApiError { status: Some(StatusCode::METHOD_NOT_ALLOWED), ..error }.into()));
    }
    let variables = document.variables(asked)?;
    let cost = live.config.limits.cost as usize;
    let reading = Reading {
        operation: Operation {
            document: &document.valid,
            variables: &variables,
            cost,
            left: Cell::new(cost),
            varied: Cell::new(false),
        },
        inputs: Inputs { schema: &document.schema, catalog: &live.catalog },
    };
    if operation.operation_type == OperationType::Mutation {
        return writes(&reading, operation, asked, how).map(Ready::Writes).map_err(one);
    }
    let mut plan = plan(live, &document, &reading, operation, &variables).map_err(one)?;
    if !operation.variables.is_empty() && !reading.operation.varied.get() {
        plan.keyed = Some(document.clone());
        name.variables = None;
    }
    let plan = Arc::new(plan);
    // What the schema tells of itself may be large.
    if !plan.fields.iter().any(|field| matches!(&field.gives, Gives::Known(text) if text.len() > 100)) {
        prepared.keep(name, plan.clone());
    }
    Ok(Ready::Reads(plan, Vec::new()))
}

/// The root fields of an operation; not too many.
fn roots<'d>(
    reading: &Reading<'d>,
    operation: &'d apollo_compiler::executable::Operation,
) -> Result<IndexMap<&'d str, Collected<'d>>, Fault> {
    let roots = reading.operation.collect(&[&operation.selection_set])?;
    if roots.len() > ROOTS {
        return Err(Fault::budget(format!("the operation has {} root fields, {ROOTS} are allowed", roots.len())));
    }
    Ok(roots)
}

fn writes(
    reading: &Reading<'_>,
    operation: &apollo_compiler::executable::Operation,
    asked: &Asked,
    how: &How<'_>,
) -> Result<Vec<WriteField>, Fault> {
    let field = |(key, collected): (&str, Collected<'_>)| {
        let does = if collected.field.name == "__typename" {
            Does::Known(format!("\"{}\"", operation.object_type()).into_bytes())
        } else {
            let named = how.named.map(|name| write::named(name, key, asked, reading.operation.variables));
            Does::Write(reading.write(&collected, named).map_err(|fault| fault.at(key))?.into())
        };
        Ok(WriteField { key: key.to_owned(), does })
    };
    roots(reading, operation)?.into_iter().map(field).collect()
}

fn plan(
    live: &Snapshot,
    document: &Document,
    reading: &Reading<'_>,
    operation: &apollo_compiler::executable::Operation,
    variables: &Valid<JsonMap>,
) -> Result<Planned, Fault> {
    let roots = roots(reading, operation)?;
    let mut told: Option<JsonMap> = None;
    let mut fields = Vec::with_capacity(roots.len());
    for (key, collected) in &roots {
        let gives = match collected.field.name.as_str() {
            "__typename" => Gives::Known(format!("\"{}\"", operation.object_type()).into_bytes()),
            "__schema" | "__type" => {
                // Its name may be a variable.
                reading.operation.varied.set(true);
                if told.is_none() {
                    counted(reading, &collected.below, &Cell::new(INTROSPECTED))?;
                    told = Some(introspected(document, operation, variables)?);
                }
                let value = told.as_ref().and_then(|told| told.get(*key));
                Gives::Known(serde_json::to_vec(&value).unwrap_or_default())
            }
            _ => {
                let root = reading.root(collected).map_err(|fault| fault.at(key))?;
                let plan =
                    |read| planned(live, read).map_err(|error| Fault::from(crate::engine::Error::from(error)).at(key));
                let counts = root.counts.as_ref().map(plan).transpose()?;
                let plan = plan(&root.read)?;
                let form = bind(root.shown, &plan);
                let id = root.read.ids.and_then(|ids| ids.ids.into_iter().next()).unwrap_or_default();
                let keyed = root.keyed.map(|(table, variables)| Keyed { table, id, variables });
                Gives::Read(ReadField { plan, counts, form, keyed, sure: root.sure }.into())
            }
        };
        fields.push(Field { key: (*key).to_owned(), name: member(key), gives });
    }
    let selected = reading.operation.cost - reading.operation.left.get();
    Ok(Planned { number: live.number, selected, keyed: None, fields })
}

/// Refuses to tell more of the schema than tools ask for: each field is told for all types.
fn counted<'d>(reading: &Reading<'d>, sets: &[&'d SelectionSet], left: &Cell<usize>) -> Result<(), Fault> {
    for collected in reading.operation.collect(sets)?.values() {
        let Some(rest) = left.get().checked_sub(1) else {
            return Err(Fault::budget(format!("the operation asks for more than {INTROSPECTED} fields of the schema")));
        };
        left.set(rest);
        counted(reading, &collected.below, left)?;
    }
    Ok(())
}

/// What the schema tells of itself.
fn introspected(
    document: &Document,
    operation: &apollo_compiler::executable::Operation,
    variables: &Valid<JsonMap>,
) -> Result<JsonMap, Fault> {
    let told = |error: apollo_compiler::request::RequestError| {
        Fault::of_library(&error.to_graphql_error(&document.valid.sources))
    };
    introspection::check_max_depth(&document.valid, operation).map_err(told)?;
    let schema = &document.schema;
    let answer =
        introspection::partial_execute(&schema.valid, &schema.implementers, &document.valid, operation, variables)
            .map_err(told)?;
    match answer.errors.first() {
        Some(error) => Err(Fault::of_library(error)),
        None => Ok(answer.data.unwrap_or_default()),
    }
}

/// Does the fields of a mutation, one after the other.
async fn write_all(
    engine: &Arc<Engine>,
    live: &Arc<Snapshot>,
    fields: Vec<WriteField>,
    request_id: Option<&str>,
) -> Answer {
    let (mut out, mut faults) = (b"{\"data\":{".to_vec(), Vec::new());
    let (mut pending, mut warnings) = (Vec::new(), Vec::new());
    for (at, field) in fields.into_iter().enumerate() {
        out.extend_from_slice(&member(&field.key)[usize::from(at == 0)..]);
        match field.does {
            Does::Known(text) => out.extend_from_slice(&text),
            Does::Write(root) => match wrote(engine, live, *root, request_id).await {
                Ok(wrote) => {
                    out.extend_from_slice(&wrote.value);
                    faults.extend(wrote.faults.into_iter().map(|fault| fault.at(&field.key)));
                    pending.extend(wrote.pending);
                    warnings.extend(wrote.warnings);
                }
                Err(failed) => {
                    out.extend_from_slice(b"null");
                    faults.extend(failed.into_iter().map(|fault| fault.at(&field.key)));
                }
            },
        }
    }
    out.push(b'}');
    add_errors(&mut out, &faults, request_id);
    if !pending.is_empty() || !warnings.is_empty() {
        let told = serde_json::json!({"pending": pending, "warnings": warnings});
        out.extend_from_slice(format!(",\"extensions\":{told}").as_bytes());
    }
    out.push(b'}');
    // What is decided is still to be finished.
    let status = if pending.is_empty() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Answer { body: out, status }
}

fn add_errors(out: &mut Vec<u8>, faults: &[Fault], request_id: Option<&str>) {
    if !faults.is_empty() {
        let errors: Vec<Value> = faults.iter().map(|fault| fault.json(request_id)).collect();
        out.extend_from_slice(b",\"errors\":");
        out.extend_from_slice(Value::Array(errors).to_string().as_bytes());
    }
}

async fn read(
    engine: &Arc<Engine>,
    live: Arc<Snapshot>,
    plan: &Planned,
    keyed: &[Option<ReadPlan>],
    how: &How<'_>,
) -> Answer {
    // One operation has one request's budget.
    let budget = Arc::new(Budget::new(&live.config.limits));
    let run = |plan: &ReadPlan| engine.run_within(live.clone(), plan.clone(), how.bypass_cache, budget.clone());
    let reads = plan.fields.iter().enumerate().map(async |(at, field)| match &field.gives {
        Gives::Read(read) => Some(match &read.counts {
            None => {
                let plan = keyed.get(at).and_then(Option::as_ref).unwrap_or(&read.plan);
                run(plan).await.map(|found| (found, None))
            }
            Some(counts) => try_join(run(&read.plan), run(counts)).await.map(|(found, counted)| {
                let count = counted.answer.count.unwrap_or_default();
                (found, Some(count))
            }),
        }),
        Gives::Known(_) => None,
    });
    let found = join_all(reads).await;
    let (mut out, mut faults, mut none) = (b"{\"data\":{".to_vec(), Vec::new(), None);
    let mut cut = Map::new();
    for (at, (field, found)) in plan.fields.iter().zip(found).enumerate() {
        out.extend_from_slice(&field.name[usize::from(at == 0)..]);
        match (&field.gives, found) {
            (Gives::Known(text), _) => out.extend_from_slice(text),
            (Gives::Read(read), Some(Ok((found, total)))) => {
                let mut notes = Notes::new(live.config.limits.bytes);
                encode::write(&mut out, &mut notes, &read.form, &found, total);
                match notes.faults() {
                    Ok(misfits) => faults.extend(misfits.into_iter().map(|fault| fault.at(&field.key))),
                    Err(fault) => return refused(&[fault.at(&field.key)], how.request_id),
                }
                // Where the source's ceiling cut the list, the client learns of it.
                let count = found.answer.count;
                if read.plan.limit_is_ceiling
                    && (found.answer.more || count.is_some_and(|count| count > read.plan.offset + read.plan.limit))
                {
                    let next = read.plan.offset + read.plan.limit;
                    cut.insert(field.key.clone(), serde_json::json!({"count": count, "next": next}));
                }
                faults.extend(found.answer.partial.iter().map(|partial| partly(partial).at(&field.key)));
            }
            (Gives::Read(read), failed) => {
                out.extend_from_slice(b"null");
                if let Some(Err(error)) = failed {
                    let fault = Fault::from(error).at(&field.key);
                    if read.sure {
                        none.get_or_insert_with(|| fault.error.status());
                    }
                    faults.push(fault);
                }
            }
        }
    }
    out.push(b'}');
    if none.is_some() {
        out.truncate(b"{\"data\":".len());
        out.extend_from_slice(b"null");
    }
    let status = none.unwrap_or(StatusCode::OK);
    add_errors(&mut out, &faults, how.request_id);
    if !cut.is_empty() {
        out.extend_from_slice(format!(",\"extensions\":{}", serde_json::json!({"cut": cut})).as_bytes());
    }
    out.push(b'}');
    Answer { body: out, status }
}

/// A relationship that was answered without its source.
fn partly(partial: &Partial) -> Fault {
    let how = match partial.answered {
        "stale" => "from what was remembered",
        _ => "as if there were nothing",
    };
    let message = format!("`{}` was answered {how}, for its source is down", partial.relationship);
    ApiError::new(Code::SourceUnavailable, message).fact("source", partial.source.as_str()).into()
}
