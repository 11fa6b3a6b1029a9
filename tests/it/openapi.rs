//! The OpenAPI document: one schema a table, examples that work, and a running proxy that keeps its word.

use std::process::Command;

use serde_json::Value;

use crate::operation::Process;

/// Schemathesis asks what the document allows, and compares each answer with what it promises. That a text which is no
/// filter is refused cannot be said in a schema, and a verb that would write is a 403 rather than a 405; these two checks are
/// left out. Runs where scripts/test.sh installed it.
#[test]
fn the_running_demo_keeps_its_word() {
    let Ok(schemathesis) = std::env::var("SCHEMATHESIS") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let usual = "positive_data_acceptance,unsupported_method";
    // Values of other types are taken where they spell one of the column's, members that are no column passed over; and what is
    // removed, or refused for others refer to it, depends on the rows.
    let of_writes = "positive_data_acceptance,unsupported_method,negative_data_rejection,use_after_free,ensure_resource_availability,\
                     missing_required_header";
    for (base, document, methods, checks) in [
        ("/api/v2", "/api/v2/api_docs", &["--include-method", "GET"][..], usual),
        ("", "/admin/api_docs", &[], usual),
        (
            "/api/v2",
            "/api/v2/api_docs/billing",
            &["--exclude-method", "GET", "--phases", "examples,fuzzing"],
            of_writes,
        ),
    ] {
        let address = format!("http://{}", process.address);
        let output = Command::new(&schemathesis)
            .args(["run", &format!("{address}{document}"), "--url", &format!("{address}{base}"), "--no-color"])
            .args(["--max-examples", "5", "--exclude-checks"])
            .arg(checks)
            .args(["--generation-database", "none", "--seed", "1"])
            .args(methods)
            .current_dir(folder.path())
            .output()
            .expect("schemathesis runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("API Operations"), "{text}");
    }
}

#[test]
fn the_examples_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let body = |path: &str| -> Value {
        let reply = process.get(path);
        assert!(reply.starts_with("HTTP/1.1 200"), "{path}: {reply}");
        serde_json::from_str(reply.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
    };
    let document = body("/api/v2/api_docs");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    let mut asked = 0;
    for (path, item) in paths.iter().filter(|(path, _)| path.contains("/_table/") && !path.contains('{')) {
        for parameter in item["get"]["parameters"].as_array().expect("parameters") {
            let Some(example) = parameter.get("example") else { continue };
            let example = example.as_str().map_or(example.to_string(), str::to_owned);
            let query: String = form_urlencoded::Serializer::new(String::new())
                .append_pair(parameter["name"].as_str().expect("a name"), &example)
                .finish();
            body(&format!("/api/v2{path}?limit=2&{query}").replace("limit=2&limit=2", "limit=2"));
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked} examples");
    // One source's tables, and all schemas that these lead to.
    let one = body("/api/v2/api_docs/crm");
    assert!(one["paths"].as_object().expect("paths").keys().all(|path| path == "/" || path.starts_with("/crm/")));
    let contact = &one["components"]["schemas"]["crm.contact"]["properties"];
    assert_eq!(contact["country"]["type"], serde_json::json!(["string", "null"]));
    assert_eq!(contact["customers"]["items"]["$ref"], "#/components/schemas/billing.customer");
    assert!(process.get("/api/v2/api_docs/crmm").contains("did you mean `crm`?"));
}

/// The page in a real browser: it shows every source's tables, reaches no other host, and breaks no rule of its policy.
/// Runs where scripts/test.sh installed the browser.
#[test]
fn the_docs_page_shows_the_tables_in_a_browser() {
    let Ok(chromium) = std::env::var("CHROMIUM") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let show = |path: &str| {
        let output = Command::new(&chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Whatever is not the proxy itself cannot be resolved.
            .args(["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--enable-logging=stderr"])
            .arg(format!("--user-data-dir={}", folder.path().join("browser").display()))
            .args(["--virtual-time-budget=20000", "--dump-dom"])
            .arg(format!("http://{}{path}", process.address))
            .output()
            .expect("the browser runs");
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let said: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert_eq!(said, Vec::<&str>::new(), "{path}: the page has no complaint");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let page = show("/docs");
    for part in [
        "data-path=\"/crm/_table/contact\"",
        "data-path=\"/billing/_table/customer/{id}\"",
        "href=\"/docs?source=shop\"",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let one = show("/docs?source=crm");
    assert!(
        one.contains("data-path=\"/crm/_table/contact\"") && !one.contains("data-path=\"/billing/_table/customer\"")
    );
    let reply = process.get("/docs");
    assert!(reply.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{reply}");
    for file in ["page.js", "page.css", "swagger-ui.css", "swagger-ui-bundle.js"] {
        let reply = process.get(&format!("/docs/{file}"));
        assert!(reply.starts_with("HTTP/1.1 200"), "{file}");
    }
}
