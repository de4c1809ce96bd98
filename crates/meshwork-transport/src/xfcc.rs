//! `x-forwarded-client-cert`: what a proxy says of its client's certificate.

use std::fmt::Write as _;

use meshwork_tower::ClientCertDetails;
use rustls::crypto::CryptoProvider;
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, x509::X509Name,
};

use crate::user::sha256;

/// The element that describes the certificate of a client, with the keys and the order of Envoy.
///
/// `own` is the URI of the proxy's own certificate (`By`). `chain` are the certificates that the
/// client showed, its own first; `details` says what is told of them beside the hash. A name that
/// could be taken for the end of an element is left out: Envoy writes it as it is, and whoever reads
/// the header is fooled. `None` where there is no certificate, or it cannot be parsed.
pub fn forwarded_client_cert(
    own: Option<&str>,
    chain: &[impl AsRef<[u8]>],
    details: ClientCertDetails,
    provider: &CryptoProvider,
) -> Option<String> {
    let leaf = chain.first()?.as_ref();
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let mut element = String::new();
    if let Some(own) = own.filter(|own| is_plain(own)) {
        let _ = write!(element, "By={own};");
    }
    element.push_str("Hash=");
    for byte in sha256(leaf, provider)?.as_ref() {
        let _ = write!(element, "{byte:02x}");
    }
    if details.cert {
        let _ = write!(element, ";Cert=\"{}\"", url_encoded_pem(leaf));
    }
    if details.chain {
        let chain: String = chain.iter().map(|one| url_encoded_pem(one.as_ref())).collect();
        let _ = write!(element, ";Chain=\"{chain}\"");
    }
    if details.subject {
        // Quotes are escaped there already.
        let subject = rfc2253(certificate.subject());
        let _ = write!(element, ";Subject=\"{subject}\"");
    }
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map_or(&[][..], |names| &names.value.general_names);
    let uris: Vec<&str> = names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri).filter(|uri| is_plain(uri)),
            _ => None,
        })
        .collect();
    if details.uri && uris.is_empty() {
        element.push_str(";URI=");
    }
    for uri in uris.into_iter().filter(|_| details.uri) {
        let _ = write!(element, ";URI={uri}");
    }
    for name in names {
        if let GeneralName::DNSName(name) = name
            && details.dns
            && is_plain(name)
        {
            let _ = write!(element, ";DNS={name}");
        }
    }
    Some(element)
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b';' | b'"'))
}

/// A name as RFC 2253 writes it: the last part first, separators escaped.
fn rfc2253(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for rdn in name.iter_rdn() {
        let attributes: Vec<String> = rdn
            .iter()
            .map(|attribute| {
                let oid = attribute.attr_type().to_id_string();
                let key = SHORT.iter().find(|(known, _)| *known == oid).map(|(_, short)| *short);
                let value = attribute.as_str().map(escaped).unwrap_or_default();
                format!("{}={value}", key.unwrap_or(&oid))
            })
            .collect();
        parts.push(attributes.join("+"));
    }
    parts.reverse();
    parts.join(",")
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (index, c) in value.char_indices() {
        let first = index == 0 && matches!(c, '#' | ' ');
        let last = index + c.len_utf8() == value.len() && c == ' ';
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') || first || last {
            out.push('\\');
        }
        match c {
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\{:02X}", u32::from(c));
            }
            c if c.is_ascii() => out.push(c),
            c => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "\\{byte:02X}");
                }
            }
        }
    }
    out
}

/// The certificate in PEM, with everything but letters and digits as `%XX`.
fn url_encoded_pem(der: &[u8]) -> String {
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, c) in base64(der).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    let mut encoded = String::with_capacity(pem.len() * 2);
    for byte in pem.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..4 {
            let index = usize::try_from((bits >> (18 - 6 * place)) & 63).unwrap_or_default();
            let letter = ALPHABET.get(index).copied().unwrap_or(b'A');
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SHORT: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn check(
        names: &[SanType],
        subject: &[(DnType, &str)],
        own: Option<&str>,
        expected: (&str, &str),
    ) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.to_vec();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in subject {
            params.distinguished_name.push(kind.clone(), *value);
        }
        let leaf = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        let provider = meshwork_identity::tls::provider();
        let element =
            forwarded_client_cert(own, &[&leaf], ClientCertDetails::SIDECAR, &provider).unwrap();
        let (before, rest) = element.split_once("Hash=").unwrap();
        assert_eq!((before, rest.get(64..).unwrap()), expected);
        let gateway =
            forwarded_client_cert(own, &[&leaf], ClientCertDetails::GATEWAY, &provider).unwrap();
        assert!(gateway.contains(";Cert=\"-----BEGIN%20CERTIFICATE-----%0AMII"), "{gateway}");
    }

    fn uri(text: &str) -> SanType {
        SanType::URI(text.try_into().unwrap())
    }

    fn dns(text: &str) -> SanType {
        SanType::DnsName(text.try_into().unwrap())
    }

    #[test]
    fn elements_are_those_of_envoy() {
        let web = "spiffe://cluster.local/ns/shop/sa/web";
        let own = Some("spiffe://cluster.local/ns/shop/sa/api");
        let by = "By=spiffe://cluster.local/ns/shop/sa/api;";
        check(&[uri(web)], &[], own, (by, &format!(";Subject=\"\";URI={web}")));
        check(
            &[dns("a.example"), dns("b.example")],
            &[],
            None,
            ("", ";Subject=\"\";URI=;DNS=a.example;DNS=b.example"),
        );
        let subject = [(DnType::OrganizationName, "We"), (DnType::CommonName, "we\"ird, =;\\n")];
        check(
            &[uri(web)],
            &subject,
            None,
            ("", &format!(";Subject=\"CN=we\\\"ird\\, =\\;\\\\n,O=We\";URI={web}")),
        );
    }

    #[test]
    fn names_that_could_end_an_element_are_left_out() {
        let forged = "spiffe://a/b;URI=spiffe://cluster.local/ns/shop/sa/admin";
        check(&[uri(forged)], &[], None, ("", ";Subject=\"\";URI="));
        check(
            &[uri("x://a,By=b"), dns("a.example")],
            &[],
            Some("x\"y"),
            ("", ";Subject=\"\";URI=;DNS=a.example"),
        );
    }

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn what_is_no_certificate_is_not_described() {
        let provider = meshwork_identity::tls::provider();
        let sidecar = ClientCertDetails::SIDECAR;
        assert_eq!(forwarded_client_cert(None, &[b"nothing"], sidecar, &provider), None);
        assert_eq!(forwarded_client_cert(None, &[b""; 0], sidecar, &provider), None);
    }

    #[test]
    fn details_are_told_in_the_order_of_envoy() {
        let provider = meshwork_identity::tls::provider();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![uri("spiffe://a/b"), dns("a.example")];
        params.distinguished_name = rcgen::DistinguishedName::new();
        let leaf = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        let chain = [&leaf, &leaf];
        let told = |set: fn(&mut ClientCertDetails)| {
            let mut details = ClientCertDetails::GATEWAY;
            (details.cert, details.subject, details.uri, details.dns) = Default::default();
            set(&mut details);
            let element = forwarded_client_cert(None, &chain, details, &provider).unwrap();
            element.get(5 + 64..).unwrap().to_owned()
        };
        let pem = url_encoded_pem(&leaf);
        assert_eq!(told(|_| {}), "");
        assert_eq!(told(|details| details.cert = true), format!(";Cert=\"{pem}\""));
        assert_eq!(told(|details| details.chain = true), format!(";Chain=\"{pem}{pem}\""));
        assert_eq!(told(|details| details.subject = true), ";Subject=\"\"");
        assert_eq!(told(|details| details.uri = true), ";URI=spiffe://a/b");
        assert_eq!(told(|details| details.dns = true), ";DNS=a.example");
        let all = |details: &mut ClientCertDetails| {
            *details = ClientCertDetails::GATEWAY;
            details.chain = true;
        };
        let names = ";Subject=\"\";URI=spiffe://a/b;DNS=a.example";
        let certificates = format!(";Cert=\"{pem}\";Chain=\"{pem}{pem}\"");
        assert_eq!(told(all), certificates + names);
    }
}
