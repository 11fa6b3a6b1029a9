//! Traces by OpenTelemetry: spans of requests, plans and statements, sent by OTLP over HTTP to the collector that the
//! standard `OTEL_*` variables name. Without such a variable no span is made.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// The target of all spans that are sent.
pub const SPANS: &str = "crosskey::spans";

/// How long the collector may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();
/// The runtime on which spans are sent; the exporter has a thread of its own, without one.
static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// Whether the environment asks for traces.
fn wanted(env: impl Fn(&str) -> Option<String>) -> bool {
    let is = |name: &str, value: &str| env(name).is_some_and(|text| text.trim().eq_ignore_ascii_case(value));
    let named = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    named.iter().any(|name| env(name).is_some_and(|url| !url.trim().is_empty()))
        && !is("OTEL_SDK_DISABLED", "true")
        && !is("OTEL_TRACES_EXPORTER", "none")
}

/// The layer that turns spans into traces; none where the environment does not ask for it.
pub fn layer<S>() -> Result<Option<Box<dyn Layer<S> + Send + Sync>>, String>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    if !wanted(|name| std::env::var(name).ok()) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client { client: HyperClient::with_default_connector(PATIENCE, None) })
        .build()
        .map_err(|error| format!("traces cannot be sent: {error}"))?;
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok();
    let resource = opentelemetry_sdk::Resource::builder();
    // The standard variables come first.
    let resource = if named { resource } else { resource.with_service_name("crosskey") };
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    let tracer = provider.tracer("crosskey");
    let _ = PROVIDER.set(provider);
    let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
    Ok(Some(layer.with_filter(Targets::new().with_target(SPANS, tracing::Level::TRACE)).boxed()))
}

/// Spans are sent on the current runtime from now on.
pub fn send_here() {
    if PROVIDER.get().is_some() {
        let _ = RUNTIME.set(Handle::current());
    }
}

/// Sends what is still to be sent.
pub async fn flush() {
    if let Some(provider) = PROVIDER.get() {
        let done = tokio::task::spawn_blocking(|| provider.shutdown()).await;
        if let Ok(Err(error)) = done {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Makes a span part of the trace that the client's `traceparent` names.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if PROVIDER.get().is_some() && !span.is_disabled() {
        let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Without a valid header the span begins a trace.
        let _ = span.set_parent(context);
    }
}

/// Sends on the program's runtime, whoever asks.
#[derive(Debug)]
struct Client {
    client: HyperClient,
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let runtime = RUNTIME.get().ok_or("nothing is served yet")?;
        let client = self.client.clone();
        runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn traces_are_asked_for_by_the_standard_variables() {
        let asked = |set: &[(&str, &str)]| {
            wanted(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        assert!(asked(&[endpoint]));
        assert!(asked(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")]));
        assert!(!asked(&[]));
        assert!(!asked(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]));
        assert!(!asked(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]));
    }
}
