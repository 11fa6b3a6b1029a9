//! TLS to PostgreSQL, with the meaning that libpq gives `sslmode`: `verify-full` and `verify-ca` check the server's
//! certificate, `require` and `prefer` encrypt without checking it.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the url asks for, and the url without the parameters that the driver does not know.
pub struct TlsChoice {
    /// The url for the driver.
    pub url: String,
    /// Check the server's certificate.
    verify: bool,
    /// Trusted roots instead of the public ones.
    root_file: Option<String>,
}

/// Reads `sslmode` and `sslrootcert` from the url.
pub fn choose(url: &str) -> TlsChoice {
    let Some((base, query)) = url.split_once('?') else {
        return TlsChoice { url: url.to_owned(), verify: false, root_file: None };
    };
    let mut choice = TlsChoice { url: base.to_owned(), verify: false, root_file: None };
    let mut kept: Vec<&str> = Vec::new();
    let mut required = false;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslmode", "verify-full" | "verify-ca")) => {
                choice.verify = true;
                kept.push("sslmode=require");
            }
            Some(("sslmode", "require")) => {
                required = true;
                kept.push(parameter);
            }
            Some(("sslmode", "allow")) => kept.push("sslmode=prefer"),
            Some(("sslrootcert", file)) => {
                let file = percent_encoding::percent_decode_str(file).decode_utf8_lossy();
                choice.root_file = Some(file.into_owned());
            }
            _ => kept.push(parameter),
        }
    }
    // As in libpq: whoever names the roots wants them to be used.
    choice.verify |= required && choice.root_file.is_some();
    if !kept.is_empty() {
        choice.url = format!("{base}?{}", kept.join("&"));
    }
    choice
}

/// The connector for this choice.
pub fn connector(choice: &TlsChoice) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = if choice.verify {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = &choice.root_file {
            roots = RootCertStore::empty();
            let certificates = CertificateDer::pem_file_iter(file).map_err(|error| format!("sslrootcert: {error}"))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| format!("sslrootcert: {error}"))?;
                roots.add(certificate).map_err(|error| format!("sslrootcert: {error}"))?;
            }
        }
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider))).with_no_client_auth()
    };
    Ok(MakeRustlsConnect::new(config))
}

/// Accepts any certificate, as libpq does below `verify-ca`.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn only_what_the_driver_does_not_know_is_taken_out() {
        let choice = choose("postgres://u@h/d?options=-c%20search_path%3Dx&sslmode=verify-full&sslrootcert=/a%20b.pem");
        assert_eq!(choice.url, "postgres://u@h/d?options=-c%20search_path%3Dx&sslmode=require");
        assert_eq!((choice.verify, choice.root_file.as_deref()), (true, Some("/a b.pem")));
        assert!(choose("postgres://u@h/d?sslrootcert=/a.pem&sslmode=require").verify);
        assert!(!choose("postgres://u@h/d?sslmode=require").verify);
        assert!(!choose("postgres://u@h/d?sslmode=prefer&sslrootcert=/a.pem").verify);
        assert_eq!(choose("postgres://u@h/d?sslmode=allow").url, "postgres://u@h/d?sslmode=prefer");
        assert_eq!(choose("postgres://u@h/d").url, "postgres://u@h/d");
    }
}
