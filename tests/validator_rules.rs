//! Every rule of the validator cites its clause and has evidence: the table in
//! `docs/validator-rules.md` is made from the code.
//!
//! `GATECRASH_UPDATE=1 cargo test --test validator_rules` writes it anew.
#![cfg(feature = "reference")]

use std::{collections::BTreeMap, fmt::Write as _, fs};

const TABLE: &str = "docs/validator-rules.md";

/// Functions that only call the rules, or that read before a rule judges.
const COMPOSED: &[&str] = &[
    "certificate::check_second_reader",
    "conformance::check_conformance",
    "constraint::check_name",
    "cryptography::check_key",
    "general_name::check_names",
    "judge::check_fields",
    "name::check_name",
    "path::check_end_entity",
    "path::check_path",
    "usage::check_end_entity_usage",
    "usage::check_issuer_usage",
    "web::check_web",
];

/// For each rule the cases of the suites, or the tests by name, that fail without it.
const EVIDENCE: &[(&str, &str)] = &[
    (
        "certificate::check_version",
        "every_version_rule_is_reported",
    ),
    (
        "conformance::check_alternative_names",
        "rfc5280::san::underscore-dns",
    ),
    (
        "conformance::check_basic_constraints_critical",
        "basic_constraints_of_a_ca_are_critical",
    ),
    (
        "conformance::check_ca_extensions",
        "rfc5280::nc::not-allowed-in-ee-critical",
    ),
    (
        "conformance::check_ca_key_usage",
        "a_ca_without_key_usage_conforms_to_nothing",
    ),
    ("web::check_common_name", "webpki::cn::case-mismatch"),
    (
        "conformance::check_consistent_usages",
        "an_end_entity_may_not_sign_certificates",
    ),
    (
        "conformance::check_key_identifiers",
        "rfc5280::aki::leaf-missing-aki",
    ),
    (
        "conformance::check_name_constraints_critical",
        "strict_profiles_ask_more_than_the_standard",
    ),
    (
        "conformance::check_subject_alt_name_present",
        "webpki::san::no-san",
    ),
    (
        "web::check_web_usages",
        "certificates_of_the_web_have_no_usage_that_the_requirements_forbid",
    ),
    ("web::check_web_root", "webpki::eku::root-has-eku"),
    (
        "web::check_web_subscriber",
        "webpki::san::san-critical-with-nonempty-subject",
    ),
    ("constraint::check_names", "rfc5280::nc::excluded-dns-match"),
    (
        "constraint::check_subtrees",
        "rfc5280::nc::invalid-email-address",
    ),
    (
        "extension_value::check_access_descriptions",
        "webpki::malformed-aia",
    ),
    (
        "extension::check_criticality",
        "rfc5280::ee-critical-aia-invalid",
    ),
    (
        "extension_value::check_distribution_points",
        "extension_values_are_read_strictly",
    ),
    (
        "extension::check_duplicates",
        "rfc5280::duplicate-extensions",
    ),
    (
        "extension_value::check_mappings",
        "extension_values_are_read_strictly",
    ),
    ("extension_value::check_oids", "rfc5280::eku::ee-eku-empty"),
    (
        "extension_value::check_policies",
        "extension_values_are_read_strictly",
    ),
    (
        "extension_value::check_qualifiers",
        "qualifiers_of_critical_policies_are_known_and_those_of_any_are_a_pointer_or_a_notice",
    ),
    (
        "identity::check_identity",
        "a_rule_that_a_profile_asks_for_is_the_one_violation",
    ),
    (
        "judge::check_algorithm",
        "a_rule_that_a_profile_asks_for_is_the_one_violation",
    ),
    ("judge::check_encoding", "rfc5280::san::malformed"),
    ("judge::check_issuer", "rfc5280::ee-empty-issuer"),
    ("judge::check_key", "webpki::forbidden-p192-root"),
    ("judge::check_serial", "rfc5280::serial::zero"),
    (
        "judge::check_signature_algorithms",
        "rfc5280::mismatching-signature-algorithm",
    ),
    ("judge::check_subject", "rfc5280::ca-empty-subject"),
    ("judge::check_unknown_extensions", "pkits::s4-16-2"),
    ("judge::check_validity", "rfc5280::validity::expired-leaf"),
    (
        "key_rule::check_common_primes",
        "a_common_factor_is_found_and_the_same_key_is_no_pair",
    ),
    ("key_rule::check_key", "webpki::forbidden-p192-root"),
    (
        "key_rule::check_rsa",
        "rsa_keys_are_judged_by_modulus_and_exponent",
    ),
    (
        "path::check_anchor",
        "rfc5280::unknown-critical-extension-root",
    ),
    ("path::check_depth", "pathlen::max-chain-depth-0-exhausted"),
    (
        "path::check_issuer",
        "pathlen::intermediate-violates-pathlen-0",
    ),
    (
        "path::check_common_primes",
        "a_common_factor_is_found_and_the_same_key_is_no_pair",
    ),
    ("path::check_names", "rfc5280::nc::permitted-self-issued"),
    (
        "path::check_pins",
        "a_rule_that_a_profile_asks_for_is_the_one_violation",
    ),
    ("path::check_policies", "pkits::s4-12-1"),
    ("path::check_revocation", "pkits::s4-4-2"),
    (
        "path::check_signature",
        "a_signature_that_does_not_verify_is_the_one_violation",
    ),
    (
        "usage::check_required_purposes",
        "usages_that_a_profile_names_are_required",
    ),
    (
        "peer_name::check_peer_name",
        "webpki::san::wildcard-not-in-leftmost-san",
    ),
    (
        "policy::check_outcome",
        "a_rule_that_a_profile_asks_for_is_the_one_violation",
    ),
    ("policy::check_policies", "pkits::s4-8-5"),
    (
        "strict::check_bits",
        "fewer_than_eight_bits_are_unused_and_none_where_there_are_none",
    ),
    ("strict::check_integer", "integers_must_be_minimal"),
    (
        "strict::check_oid",
        "object_identifiers_read_as_people_write_them",
    ),
    ("usage::check_basic_constraints", "pkits::s4-6-1"),
    ("usage::check_end_entity_is_no_ca", "webpki::ca-as-leaf"),
    (
        "usage::check_end_entity_version",
        "an_end_entity_of_an_old_version_is_for_the_profile_to_refuse",
    ),
    (
        "usage::check_extended_key_usage",
        "rfc5280::eku::ee-wrong-eku",
    ),
    (
        "usage::check_issuer_extended_key_usage",
        "an_issuer_may_be_bound_to_other_purposes",
    ),
    (
        "usage::check_issuer_version",
        "every_version_rule_is_reported",
    ),
    (
        "usage::check_key_cert_sign",
        "an_issuer_without_key_cert_sign_is_refused",
    ),
    (
        "usage::check_key_usage",
        "a_key_usage_that_does_not_fit_tls_is_refused",
    ),
];

/// Where every function that says its clause is a rule, whatever it is called, with its evidence.
const CITING: &[(&str, &[(&str, &str)])] = &[
    (
        "build",
        &[
            (
                "possible_issuers",
                "the_search_backtracks_from_an_issuer_that_leads_nowhere",
            ),
            (
                "issuer_url",
                "where_a_missing_issuer_and_its_crl_are_to_be_had_is_told",
            ),
            ("repeats", "pathological::intermediate-cycle-distinct-cas"),
            ("hint", "rfc5280::nc::nc-forbids-alternate-chain-ica"),
        ],
    ),
    (
        "crl_read",
        &[
            (
                "note_critical",
                "unknown_critical_extensions_are_remembered_with_their_place",
            ),
            (
                "read",
                "what_is_not_a_crl_is_refused_with_field_and_problem",
            ),
            (
                "read_update",
                "what_is_not_a_crl_is_refused_with_field_and_problem",
            ),
            (
                "read_version",
                "what_is_not_a_crl_is_refused_with_field_and_problem",
            ),
            (
                "read_authority_key_identifier",
                "what_is_not_a_crl_is_refused_with_field_and_problem",
            ),
            (
                "read_entry",
                "entries_of_an_indirect_crl_follow_the_issuer_named_before_them",
            ),
            (
                "read_entry_extensions",
                "unknown_critical_extensions_are_remembered_with_their_place",
            ),
            (
                "read_extensions",
                "unknown_critical_extensions_are_remembered_with_their_place",
            ),
        ],
    ),
    (
        "crl_scope",
        &[
            ("reasons_in_scope", "reasons_add_up_to_a_whole"),
            (
                "meet",
                "a_partition_counts_only_for_certificates_that_point_to_it",
            ),
        ],
    ),
    (
        "crl_store",
        &[
            (
                "verify_signatures",
                "strict_verifies_each_signature_once_and_crls_not_per_handshake",
            ),
            (
                "is_from_issuer_of",
                "crl::certificate-serial-on-crl-different-issuer",
            ),
            (
                "is_signed_by",
                "one_complete_crl_is_judged_by_signature_dates_and_entries",
            ),
        ],
    ),
    (
        "evidence",
        &[
            ("judge", "pkits::s4-4-2"),
            (
                "crl_url",
                "where_a_missing_issuer_and_its_crl_are_to_be_had_is_told",
            ),
            ("is_trusted", "pkits::s4-14-22"),
        ],
    ),
    (
        "ocsp",
        &[
            (
                "from_der",
                "a_response_that_tells_nothing_is_refused_as_such",
            ),
            (
                "read_basic",
                "a_response_counts_when_it_is_about_us_signed_by_the_issuer_and_current",
            ),
            (
                "read_single",
                "a_response_counts_when_it_is_about_us_signed_by_the_issuer_and_current",
            ),
            (
                "read_status",
                "a_response_counts_when_it_is_about_us_signed_by_the_issuer_and_current",
            ),
            (
                "read_time",
                "a_response_counts_when_it_is_about_us_signed_by_the_issuer_and_current",
            ),
        ],
    ),
    (
        "ocsp_check",
        &[
            (
                "check_times",
                "a_response_counts_when_it_is_about_us_signed_by_the_issuer_and_current",
            ),
            (
                "check_signer",
                "a_delegated_responder_must_be_appointed_by_the_issuer",
            ),
        ],
    ),
    (
        "policy",
        &[
            (
                "prepare_next",
                "the_requirement_of_a_policy_comes_into_force_after_its_count",
            ),
            (
                "authority_policies",
                "mappings_translate_and_can_be_inhibited",
            ),
            (
                "next_level",
                "any_policy_stands_for_every_policy_until_it_is_inhibited",
            ),
            ("find_duplicate", "a_policy_that_stands_twice_is_refused"),
        ],
    ),
    (
        "revocation",
        &[
            (
                "may_sign",
                "one_complete_crl_is_judged_by_signature_dates_and_entries",
            ),
            ("continues", "a_delta_lifts_a_hold_and_nothing_else"),
            ("check", "another_crl_revokes_or_informs_but_never_absolves"),
            (
                "is_delegated",
                "an_indirect_crl_counts_when_the_certificate_names_its_issuer",
            ),
            (
                "listing",
                "an_indirect_crl_counts_when_the_certificate_names_its_issuer",
            ),
            (
                "is_current",
                "a_greatest_age_bounds_a_crl_with_or_without_an_end",
            ),
            ("coverage", "reasons_add_up_to_a_whole"),
            (
                "unreadable",
                "what_cannot_be_read_leaves_the_status_of_its_issuers_certificates_unknown",
            ),
        ],
    ),
];

/// The other modules whose functions called `check_…` are rules.
const MODULES: &[&str] = &[
    "certificate",
    "conformance",
    "constraint",
    "cryptography",
    "extension",
    "extension_value",
    "general_name",
    "identity",
    "judge",
    "key_rule",
    "name",
    "path",
    "peer_name",
    "policy",
    "strict",
    "usage",
    "web",
];

/// From `module::rule` to its clause, where one stands directly above.
fn rules() -> BTreeMap<String, Option<String>> {
    let mut rules = BTreeMap::new();
    for module in MODULES {
        let text = fs::read_to_string(format!("src/validator/{module}.rs")).expect("a module");
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let declaration = line
                .trim_start()
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            let Some(name) = declaration
                .strip_prefix("fn ")
                .filter(|rest| rest.starts_with("check_"))
            else {
                continue;
            };
            let name = name.split(['(', '<']).next().unwrap_or_default();
            let above = lines[..number].iter().rev().map(|line| line.trim());
            let clause: Vec<&str> = above
                .take_while(|line| line.starts_with("// "))
                .map(|line| line.trim_start_matches("// "))
                .collect();
            let clause: Vec<&str> = clause.into_iter().rev().collect();
            rules.insert(
                format!("{module}::{name}"),
                (!clause.is_empty()).then(|| clause.join(" ")),
            );
        }
    }
    rules
}

/// From `module::function` to the clause that its comment begins with, in the modules of `CITING`.
fn citing() -> BTreeMap<String, String> {
    let mut rules = BTreeMap::new();
    for (module, _) in CITING {
        let text = fs::read_to_string(format!("src/validator/{module}.rs")).expect("a module");
        let mut clause = None;
        for line in text.lines().map(str::trim) {
            let comment = line.strip_prefix("/// ").or(line.strip_prefix("// "));
            if let Some(comment) = comment {
                if comment.starts_with("RFC") {
                    let end = comment.find(": ").unwrap_or(comment.len());
                    let sentence = comment[..end].trim_end_matches(['.', ':', ',']);
                    clause = Some(
                        sentence
                            .split(", and")
                            .next()
                            .unwrap_or(sentence)
                            .to_owned(),
                    );
                }
                continue;
            }
            if line == "///" || line.starts_with("#[") {
                continue;
            }
            let declaration = ["pub(crate) ", "pub(super) ", "pub "]
                .into_iter()
                .fold(line, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
            if let (Some(name), Some(clause)) = (declaration.strip_prefix("fn "), clause.take()) {
                let name = name.split(['(', '<']).next().unwrap_or_default();
                rules.insert(format!("{module}::{name}"), clause);
            }
        }
    }
    rules
}

#[test]
fn every_rule_cites_its_clause_and_has_evidence() {
    let rules = rules();
    let mut sources = String::new();
    for folder in ["src/validator", "tests", "corpus/limbo"] {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            if entry.file_name() != "validator_rules.rs" && entry.path().is_file() {
                sources += &fs::read_to_string(entry.path()).unwrap_or_default();
            }
        }
    }
    let cited = citing();
    let evidence: BTreeMap<String, &str> = CITING
        .iter()
        .flat_map(|(module, rules)| {
            rules
                .iter()
                .map(move |(rule, evidence)| (format!("{module}::{rule}"), *evidence))
        })
        .collect();
    let stands = |evidence: &str| {
        sources.contains(&format!("\"{evidence}\"")) || sources.contains(&format!("fn {evidence}("))
    };
    let mut table = String::from(
        "# The rules of the reference validator\n\nMade from the code by `tests/validator_rules.rs`; not edited by hand.\n\n\
         | clause | rule | evidence |\n|---|---|---|\n",
    );
    for (rule, clause) in rules
        .iter()
        .filter(|(rule, _)| !COMPOSED.contains(&rule.as_str()))
    {
        let clause = clause
            .as_ref()
            .unwrap_or_else(|| panic!("{rule} cites no clause"));
        let (_, evidence) = EVIDENCE
            .iter()
            .find(|(name, _)| name == rule)
            .unwrap_or_else(|| panic!("{rule} has no evidence"));
        assert!(stands(evidence), "{rule}: no test or case {evidence}");
        writeln!(table, "| {clause} | `{rule}` | `{evidence}` |").expect("a string");
    }
    table.push_str(
        "\n## Path building, policies and revocation\n\n| clause | rule | evidence |\n|---|---|---|\n",
    );
    for (rule, clause) in &cited {
        if EVIDENCE.iter().any(|(name, _)| name == rule) {
            continue;
        }
        let evidence = evidence
            .get(rule)
            .unwrap_or_else(|| panic!("{rule} has no evidence"));
        assert!(stands(evidence), "{rule}: no test or case {evidence}");
        writeln!(table, "| {clause} | `{rule}` | `{evidence}` |").expect("a string");
    }
    for rule in evidence.keys() {
        assert!(cited.contains_key(rule), "{rule} cites no clause any more");
    }
    for name in EVIDENCE.iter().map(|(name, _)| name).chain(COMPOSED) {
        assert!(rules.contains_key(*name), "{name} is no rule any more");
    }
    if std::env::var_os("GATECRASH_UPDATE").is_some() {
        fs::create_dir_all("docs").expect("docs");
        fs::write(TABLE, &table).expect(TABLE);
    }
    assert_eq!(
        fs::read_to_string(TABLE).expect(TABLE),
        table,
        "run with GATECRASH_UPDATE=1"
    );
}
