//! Traces as a collector receives them: one span a request, a plan and a statement, in the client's own trace.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::operation::Process;

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a opentelemetry_proto::tonic::common::v1::any_value::Value> {
    span.attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_its_plan_and_its_statements_are_one_trace() {
    let received: Arc<Mutex<Vec<ExportTraceServiceRequest>>> = Arc::default();
    let collected = received.clone();
    let collect = post(move |headers: HeaderMap, body: Bytes| async move {
        assert_eq!(headers["x-tenant"], "ours");
        collected.lock().expect("a lock").push(ExportTraceServiceRequest::decode(body).expect("spans"));
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/v1/traces", collect)).await });

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    // The process is asked and waited for by blocking calls.
    tokio::task::spawn_blocking(move || {
        let environment = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=ours"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests"),
        ];
        let mut process = Process::demo_with(&path, &environment);
        let reply = process.ask(&format!(
            "GET /api/v2/crm/_table/contact/1?related=customers HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\n\r\n",
            process.address
        ));
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        // What is not sent yet is sent before the end.
        process.signal("-TERM");
        assert!(process.wait().success());
    })
    .await
    .expect("the process");

    let received = received.lock().expect("a lock");
    let resource = received[0].resource_spans[0].resource.as_ref().expect("a resource");
    let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name").expect("a name");
    assert!(format!("{service:?}").contains("\"crosskey\""), "{service:?}");
    let resource = format!("{resource:?}");
    assert!(resource.contains("\"deployment.environment.name\"") && resource.contains("\"tests\""), "{resource}");
    let spans: Vec<&Span> = received
        .iter()
        .flat_map(|request| &request.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect();
    let named = |name: &str| {
        let mut found = spans.iter().filter(|span| span.name == name);
        let span = found
            .next()
            .unwrap_or_else(|| panic!("no span {name}: {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>()));
        assert!(found.next().is_none(), "two spans {name}");
        *span
    };
    let request = named("GET /api/v2/crm/_table/contact/{id}");
    assert_eq!(request.parent_span_id, [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
    for name in ["plan", "SELECT crm.contact", "SELECT billing.customer"] {
        let span = named(name);
        assert_eq!((&span.parent_span_id, &span.trace_id), (&request.span_id, &request.trace_id), "{name}");
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
    let statement = named("SELECT billing.customer");
    let value =
        |name| format!("{:?}", attribute(statement, name).unwrap_or_else(|| panic!("no {name}: {statement:?}")));
    assert_eq!(value("db.system.name"), "StringValue(\"sqlite\")");
    assert_eq!(value("db.response.returned_rows"), "IntValue(2)");
    assert_eq!(format!("{:?}", attribute(request, "http.response.status_code").expect("a status")), "IntValue(200)");
}
