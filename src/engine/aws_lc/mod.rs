//! AWS-LC's `X509_verify_cert`, over the library that rustls brings, set as strictly as it can be.

mod ffi;
mod reason;

use aws_lc_sys as sys;

use self::ffi::{Certificate, Crl, Failure, Identity, ParseError, Settings};
use super::{
    Engine, EngineError, Observation,
    demand::{Demand, accepted, unsupported},
    memory::Memory,
};
use crate::{
    case::Case,
    question::{PeerName, Purpose},
    verdict::{Reason, Verdict},
};

/// AWS-LC.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc {
    ignore_signatures: bool,
}

impl AwsLc {
    /// Takes every signature for good, and checks all else. For chains with toy signatures,
    /// of which there are a great many: anchors and authorities are parsed once.
    #[must_use]
    pub fn ignoring_signatures() -> Self {
        Self {
            ignore_signatures: true,
        }
    }
}

impl Engine for AwsLc {
    fn name(&self) -> &str {
        "aws-lc"
    }

    fn version(&self) -> String {
        let text = ffi::version_text();
        match text.split_once("AWS-LC ") {
            Some((_, version)) => version.trim_end_matches(')').to_owned(),
            None => text,
        }
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        let input = match Input::parse(case, self.ignore_signatures) {
            Ok(input) => input,
            Err(refused) => return Ok(refused),
        };
        let settings = Settings {
            ignore_signatures: self.ignore_signatures,
            ..settings(case, &input)
        };
        match ffi::verify(&input.anchors, &input.chain, &input.crls, &settings) {
            Ok(()) => Ok(accepted(case, CHECKED)),
            Err(Failure::Refused(code)) => Ok(Observation::rejected_for(
                reason::reasons(code),
                ffi::error_text(code),
            )),
            Err(Failure::BadIdentity) => Ok(unsupported("a name that AWS-LC does not take")),
            Err(Failure::Setup) => Err(EngineError::Broke(
                "AWS-LC could not set up a verification".to_owned(),
            )),
        }
    }
}

/// Depth counts self-issued intermediates too, which is stricter than what a suite may ask.
const CHECKED: &[Demand] = &[
    Demand::Depth,
    Demand::DnsName,
    Demand::IpName,
    Demand::EmailName,
];

struct Input {
    anchors: Vec<Certificate>,
    chain: Vec<Certificate>,
    crls: Vec<Crl>,
}

impl Input {
    /// The `Err` is a refusal: a TLS stack on this library fails on what it cannot parse.
    fn parse(case: &Case, remember: bool) -> Result<Self, Observation> {
        if case.chain.is_empty() {
            return Err(Observation::rejected(Reason::NoCertificate, ""));
        }
        // An anchor that cannot be read is passed over, as trust stores do, unless nothing is left.
        let mut anchors = Vec::new();
        let mut unread = None;
        for der in &case.anchors {
            match parse_authority(der, remember) {
                Ok(anchor) => anchors.push(anchor),
                Err(error) => unread = Some(error),
            }
        }
        if let (true, Some(error)) = (anchors.is_empty(), unread) {
            let mut refused =
                not_parsed(error, &[Reason::MalformedDer, Reason::MalformedExtension]);
            refused.reasons.push(Reason::BadAnchor);
            return Err(refused);
        }
        let parse = |(index, der): (usize, &Vec<u8>)| {
            parse_authority(der, remember && index > 0).map_err(|error| {
                not_parsed(error, &[Reason::MalformedDer, Reason::MalformedExtension])
            })
        };
        let parse_crl = |der: &Vec<u8>| {
            Crl::parse(der).map_err(|error| not_parsed(error, &[Reason::CrlMalformed]))
        };
        Ok(Self {
            anchors,
            chain: case
                .chain
                .iter()
                .enumerate()
                .map(parse)
                .collect::<Result<_, _>>()?,
            crls: case.crls.iter().map(parse_crl).collect::<Result<_, _>>()?,
        })
    }
}

thread_local! {
    /// The library's objects stay on their thread.
    static PARSED: Memory<Certificate> = Memory::default();
}

fn parse_authority(der: &[u8], remember: bool) -> Result<Certificate, ParseError> {
    match remember {
        true => PARSED.with(|parsed| parsed.recall(der, Certificate::parse)),
        false => Certificate::parse(der),
    }
}

fn not_parsed(error: ParseError, malformed: &[Reason]) -> Observation {
    match error {
        ParseError::Malformed(words) => Observation::rejected_for(malformed, words),
        ParseError::TrailingData(bytes) => {
            let reasons = [&[Reason::TrailingData], malformed].concat();
            Observation::rejected_for(&reasons, format!("{bytes} bytes follow"))
        }
    }
}

fn settings<'c>(case: &'c Case, input: &Input) -> Settings<'c> {
    // RFC 5280 section 6.1 processes policies always; this library only when told to.
    let mut flags = sys::X509_V_FLAG_POLICY_CHECK;
    if !input.crls.is_empty() {
        // Delta and indirect CRLs stay off: this library fails every verification when asked for them.
        flags |= sys::X509_V_FLAG_CRL_CHECK | sys::X509_V_FLAG_CRL_CHECK_ALL;
    }
    // RFC 5280 section 6.1.1 (d): an anchor is a name and a key, whoever signed it.
    if !input.anchors.iter().all(Certificate::is_self_issued) {
        flags |= sys::X509_V_FLAG_PARTIAL_CHAIN;
    }
    let (purpose, trust) = match case.purpose {
        Purpose::Client => (sys::X509_PURPOSE_SSL_CLIENT, sys::X509_TRUST_SSL_CLIENT),
        Purpose::Server => (sys::X509_PURPOSE_SSL_SERVER, sys::X509_TRUST_SSL_SERVER),
    };
    Settings {
        time: case.time.unix_seconds(),
        purpose,
        trust,
        flags,
        depth: case
            .requirements
            .max_chain_depth
            .map(|depth| i32::try_from(depth).unwrap_or(i32::MAX)),
        identity: case.name.as_ref().map(|name| match name {
            PeerName::Dns(name) => Identity::Host(name),
            PeerName::Email(name) => Identity::Email(name),
            PeerName::Ip(address) => Identity::Address(*address),
        }),
        ignore_signatures: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Limbo, question::Time, verdict::Why};

    const CORE: &[u8] = include_bytes!("../../../corpus/limbo/limbo-public-core.json");
    const PKITS: &[u8] = include_bytes!("../../../corpus/limbo/pkits-public.json");

    fn cases(json: &[u8]) -> Vec<Case> {
        let now = Time::from_unix_seconds(1_750_000_000);
        let testcases = Limbo::read(json).expect("a suite").testcases;
        testcases
            .iter()
            .map(|testcase| Case::from_limbo(testcase, now).expect(&testcase.id))
            .collect()
    }

    fn case(json: &[u8], id: &str) -> Case {
        cases(json)
            .into_iter()
            .find(|case| case.id == id)
            .expect(id)
    }

    #[test]
    fn what_is_refused_is_refused_for_its_reason() {
        let table = [
            (PKITS, "pkits::s4-1-1", Verdict::Accept),
            (PKITS, "pkits::s4-1-4", Verdict::Accept),
            (PKITS, "pkits::s4-4-2", Verdict::Reject(Reason::Revoked)),
            (PKITS, "pkits::s4-2-1", Verdict::Reject(Reason::NotYetValid)),
            (CORE, "crl::certificate-not-on-crl", Verdict::Accept),
        ];
        for (json, id, verdict) in table {
            assert_eq!(AwsLc::default().judge(&case(json, id)), Ok(verdict), "{id}");
        }
    }

    #[test]
    fn bytes_that_are_nothing_are_refused_and_not_feared() {
        let good = case(PKITS, "pkits::s4-1-1");
        type Spoil = fn(&mut Case);
        let table: [(Spoil, Reason); 7] = [
            (|case| case.chain.clear(), Reason::NoCertificate),
            (|case| case.chain[0].clear(), Reason::MalformedDer),
            (|case| case.chain[0].truncate(9), Reason::MalformedDer),
            (|case| case.chain[0].push(0), Reason::TrailingData),
            (|case| case.anchors = vec![vec![0x30]], Reason::MalformedDer),
            (|case| case.anchors.clear(), Reason::UnknownIssuer),
            (|case| case.crls = vec![vec![0x30]], Reason::CrlMalformed),
        ];
        for (spoil, reason) in table {
            let mut case = good.clone();
            spoil(&mut case);
            assert_eq!(AwsLc::default().judge(&case), Ok(Verdict::Reject(reason)));
        }
    }

    #[test]
    fn signatures_alone_are_ignored_when_told_to() {
        let mut forged = case(PKITS, "pkits::s4-1-1");
        let last = forged.chain[0].len() - 1;
        forged.chain[0][last] ^= 1;
        assert_eq!(
            AwsLc::default().judge(&forged),
            Ok(Verdict::Reject(Reason::BadSignature))
        );
        assert_eq!(
            AwsLc::ignoring_signatures().judge(&forged),
            Ok(Verdict::Accept)
        );
        forged.crls.clear();
        forged.time = forged.time.plus_days(20_000);
        assert_eq!(
            AwsLc::ignoring_signatures().judge(&forged),
            Ok(Verdict::Reject(Reason::Expired))
        );
    }

    #[test]
    fn what_was_parsed_before_gets_the_same_answer() {
        for case in cases(PKITS) {
            let first = AwsLc::ignoring_signatures().observe(&case);
            assert_eq!(
                AwsLc::ignoring_signatures().observe(&case),
                first,
                "{}",
                case.id
            );
        }
    }

    #[test]
    fn what_it_cannot_check_makes_an_acceptance_inconclusive() {
        let mut case = case(PKITS, "pkits::s4-1-1");
        case.requirements
            .key_usage
            .push("digitalSignature".to_owned());
        let why = Why::Unsupported("a required key usage".to_owned());
        assert_eq!(
            AwsLc::default().judge(&case),
            Ok(Verdict::Inconclusive(why))
        );
    }

    #[test]
    fn an_empty_name_is_no_name() {
        let mut case = case(PKITS, "pkits::s4-1-1");
        for name in [PeerName::Dns(String::new()), PeerName::Email(String::new())] {
            case.name = Some(name);
            let seen = AwsLc::default().judge(&case);
            assert!(matches!(seen, Ok(Verdict::Inconclusive(_))), "{seen:?}");
        }
    }

    #[test]
    fn the_library_tells_its_version() {
        let version = AwsLc::default().version();
        assert!(
            version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.'),
            "{version}"
        );
    }
}
