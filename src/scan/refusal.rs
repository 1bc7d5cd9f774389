//! Why a server lets nobody in whom it should, and what to do: then most of a scan tells nothing.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    answer::{End, Response},
    facts::named,
    scene::Scene,
    trust,
};
use crate::script::ProtocolVersion;

impl Scene {
    /// Why nothing can be tested, where the good certificate is refused.
    pub fn refusal(&self) -> Option<String> {
        let good = &self.yardstick.good;
        if good.end == End::OutOfBounds {
            return None;
        }
        if let Some(end) = &self.shut_out {
            return Some(format!(
                "the good certificate is refused since --publish-crl handed over CRLs of the scan: {end}"
            ));
        }
        if self.yardstick.measure(good).is_accepted() {
            return trust::stranger_to(self);
        }
        if self.speaks_old_alone() {
            let spoken: Vec<&str> = self.spoken.iter().map(|version| named(*version)).collect();
            return Some(format!(
                "the server speaks {} and nothing newer, over which no certificate can be shown here: {}",
                spoken.join(" and "),
                good.end
            ));
        }
        let mut why = match self.pki.given() {
            Some(_) => format!(
                "the client certificate that was given is refused: {}",
                good.end
            ),
            None => format!("a good certificate of the CA is refused: {}", good.end),
        };
        if let Some(Some(502..=504)) = good.response.as_ref().map(|response| Some(response.status))
        {
            why.push_str("; a proxy stands in between and does not reach the server behind it");
        } else if self.speaks_http_2() {
            why.push_str("; the server wants HTTP/2, and the scan speaks HTTP/1.1");
        } else if let Some(named) = trust::other_cas(self) {
            why.push_str(&format!("; the server asks for certificates of {named}"));
        } else if !good.greeting.asked {
            why.push_str("; the server never asked for one in the handshake, and may ask afterwards for this path alone, as Apache does where `SSLVerifyClient` stands in a <Location> or <Directory>: that cannot be scanned");
            if let Some(issuer) = good.greeting.chain.first().and_then(|der| issuer(der)) {
                why.push_str(&format!(
                    ". Or else whoever answers there, with a certificate of {issuer}, may be a proxy that ends TLS before the server"
                ));
            }
        }
        Some(why)
    }
}

impl Scene {
    /// Whether the server speaks versions that nobody should speak any more, and no other.
    pub(super) fn speaks_old_alone(&self) -> bool {
        let is_old = |version: &ProtocolVersion| version.0 < ProtocolVersion::TLS_1_2.0;
        !self.spoken.is_empty() && self.spoken.iter().all(is_old)
    }

    /// Whether the answer to the good certificate is that of a server that takes HTTP/2 alone.
    fn speaks_http_2(&self) -> bool {
        let good = &self.yardstick.good;
        let says_so = |response: &Response| {
            let text = response.text();
            text.contains("ALPN") && text.contains("h2")
        };
        // no_application_protocol
        good.end == End::Alert(120) || good.response.as_ref().is_some_and(says_so)
    }

    /// What to do where the good certificate is refused.
    pub fn what_to_do(&self) -> &'static str {
        if self.shut_out.is_some() {
            return "does the command put the PEM file where the server reads it, and does the server take a CRL that is good for some days? Give your own with --crl, and it is handed over again at the end";
        }
        match self.speaks_old_alone() {
            true => {
                "turn TLS 1.3 or 1.2 on at the server, and scan again: what is reported now needs no certificate"
            }
            false if self.speaks_http_2() => {
                "let the server take HTTP/1.1 too, for the scan (Node: `allowHTTP1: true`), or scan a page of it that does"
            }
            false
                if self.pki.given().is_none()
                    && matches!(self.yardstick.good.end, End::Status(401 | 403)) =>
            {
                "the handshake was finished, so the CA is right: give a client that may enter with --template and --template-key"
            }
            false if !self.yardstick.good.greeting.asked => {
                "demand the certificate in the handshake, for the whole server, and scan again; behind a proxy, scan the server itself"
            }
            false => {
                "is it the CA that this server trusts, and a client that it lets in? A CRL at the server that has ended turns everybody away too"
            }
        }
    }
}

/// The issuer of a certificate, as text.
pub(super) fn issuer(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.issuer().to_string())
}
