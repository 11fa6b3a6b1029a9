//! What the OpenAPI document says of writes.

use serde_json::{Map, Value, json};

use crate::api::rest::openapi::{operation, query};
use crate::catalog::Entry;

/// Adds the writes of a table to its paths. `row` is its schema.
pub fn add(entry: &Entry, source: &str, name: &str, path: &str, row: &Value, paths: &mut Map<String, Value>) {
    let record = json!({"application/json": {"schema": row}});
    let several = json!({"type": "object", "properties": {"resource": {"type": "array", "items": row}}});
    let records = json!({"application/json": {"schema": several}});
    let columns: Vec<&str> = entry.table.primary_key.iter().map(|at| &*entry.table.columns[*at].name).collect();
    let id = json!({
        "name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1},
        "description": format!("The value of {}; several are joined by commas.", columns.join(", ")),
    });
    let which = || {
        let text = || json!({"type": "string"});
        [
            query("ids", text(), "A comma list of identifiers of the records that are meant.", None),
            query("filter", text(), "Which records are meant.", None),
        ]
    };
    let force = query("force", json!({"type": "boolean"}), "All records of the table, page by page.", None);
    let told = |verb: &str| format!("{verb} of {name}");
    let mut put = |path: &str, method: &str, told: String, body: Option<&Value>, first: Vec<Value>, answer: &Value| {
        let mut written = operation(
            &format!("{name}.{method}{}", if path.ends_with('}') { ".one" } else { "" }),
            &told,
            &[source],
            answer.clone(),
            None,
        );
        let many = !path.ends_with('}');
        written["parameters"] = first.into_iter().chain(common(many)).collect();
        if let Some(body) = body {
            written["requestBody"] = json!({"required": true, "content": body});
        }
        if let Some(responses) = written["responses"].as_object_mut() {
            responses.shift_remove("304");
            responses.insert("202".into(), json!({"description": "Decided; a database is still to be finished. `Location` tells how it stands.", "content": {"application/json": {"schema": {}}}}));
            responses.insert("409".into(), json!({"$ref": "#/components/responses/Error"}));
        }
        paths[path][method] = written;
    };
    put(path, "post", told("Adds records"), Some(&records), Vec::new(), &several);
    // PUT does as PATCH, and is left out: it would make the document half as long again.
    put(path, "patch", told("Changes records"), Some(&records), which().to_vec(), &several);
    put(path, "delete", told("Removes records"), None, which().into_iter().chain([force]).collect(), &several);
    let one = format!("{path}/{{id}}");
    put(&one, "patch", told("Changes a record"), Some(&record), vec![id.clone()], row);
    put(&one, "delete", told("Removes a record"), None, vec![id], row);
}

fn common(many: bool) -> Vec<Value> {
    let flag = || json!({"type": "boolean"});
    let text = || json!({"type": "string"});
    let mut parameters = vec![
        query("fields", text(), "Fields of the records that the answer has; default the primary key.", None),
        query("related", text(), "Relationships that the answer has.", None),
        query("dry_run", flag(), "Nothing is written; the answer tells what would change.", None),
        json!({
            "name": "Idempotency-Key", "in": "header", "schema": {"type": "string"},
            "description": "A name of the request, by which it may be sent again.",
        }),
    ];
    if many {
        parameters.push(query(
            "continue",
            flag(),
            "Records that fail do not keep the others from being written.",
            None,
        ));
        parameters.push(query("rollback", flag(), "All records in one transaction.", None));
    }
    parameters
}
