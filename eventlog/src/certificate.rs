use std::error::Error;
use std::io;

use rustls::CertificateError as Wrong;

/// What an operator changes when a connection was not made because of the certificate that the server shows; none when it
/// failed for another reason. `parameter` is what names a file of trusted authorities in the URL of that server.
#[must_use]
pub fn certificate_advice(error: &(dyn Error + 'static), parameter: &str) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(wrong)) = of_tls(error) {
            return Some(advice(wrong, parameter));
        }
        next = error.source();
    }
    None
}

/// An error of the input passes over the one that it is made of when it is asked for its cause.
fn of_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let within = |error: &'a io::Error| error.get_ref()?.downcast_ref();
    error.downcast_ref().or_else(|| within(error.downcast_ref()?))
}

fn advice(wrong: &Wrong, parameter: &str) -> String {
    match wrong {
        Wrong::UnknownIssuer | Wrong::BadSignature => format!(
            "the server's certificate was issued by nobody whom this machine trusts: name the PEM file of its authority \
             with {parameter}=FILE in the URL"
        ),
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "the server's certificate is for another name: write a host that it names into the URL, or have one issued \
             for this host"
                .to_owned()
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } | Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "the server's certificate is not valid now: renew it, or set the clock of this machine right".to_owned()
        }
        _ => "the server's certificate cannot be accepted: have another one issued for it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("there is no connection")]
    struct Outer(#[source] io::Error);

    fn advice_on(error: rustls::Error) -> Option<String> {
        certificate_advice(&Outer(io::Error::new(io::ErrorKind::InvalidData, error)), "ca")
    }

    #[test]
    fn what_to_change_is_said_however_deep_the_reason_lies() {
        for (wrong, words) in [
            (Wrong::UnknownIssuer, "ca=FILE"),
            (Wrong::NotValidForName, "another name"),
            (Wrong::Expired, "renew it"),
            (Wrong::Revoked, "another one"),
        ] {
            let said = advice_on(rustls::Error::InvalidCertificate(wrong)).unwrap();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_is_not_about_a_certificate() {
        assert_eq!(advice_on(rustls::Error::DecryptError), None);
        let refused = Outer(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(certificate_advice(&refused, "ca"), None);
    }
}
