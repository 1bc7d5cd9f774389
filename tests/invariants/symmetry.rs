//! What a constraint permits it excludes, and it does so for every kind of name alike.

use gatecrash::{
    Case,
    case::Expected,
    der::oid,
    engine::{Engine, reference::Reference},
    mint::Minter,
    recipe::{Attribute, AttributeKind, ExtensionValue, GeneralName, Name, generate::Setting},
    validator::Profile,
    verdict::Verdict,
};
use proptest::{prelude::*, sample::select};

use crate::config;

/// A name and a subtree of one kind, and whether the subtree covers the name.
type Row = (GeneralName, GeneralName, bool);

fn directory(parts: &[&str]) -> GeneralName {
    let attribute = |part: &&str| Attribute::new(AttributeKind::O, *part);
    GeneralName::Directory(Name(parts.iter().map(attribute).collect()))
}

/// The same question in every kind of name: inside, at the edge, outside.
fn rows() -> Vec<Row> {
    let dns = |name: &str, base: &str, covers| {
        (
            GeneralName::Dns(name.into()),
            GeneralName::Dns(base.into()),
            covers,
        )
    };
    let email = |name: &str, base: &str, covers| {
        (
            GeneralName::Email(name.into()),
            GeneralName::Email(base.into()),
            covers,
        )
    };
    let uri = |name: &str, base: &str, covers| {
        (
            GeneralName::Uri(name.into()),
            GeneralName::Uri(base.into()),
            covers,
        )
    };
    let ip = |name: [u8; 4], covers| {
        let base = GeneralName::ipv4_network([192, 0, 2, 64], 26);
        (GeneralName::Ip(name.into()), base, covers)
    };
    vec![
        dns("a.example", "a.example", true),
        dns("b.a.example", "a.example", true),
        dns("B.A.Example", "a.example", true),
        dns("xa.example", "a.example", false),
        dns("example", "a.example", false),
        email("x@a.example", "a.example", true),
        email("x@A.example", "a.example", true),
        email("x@b.a.example", "a.example", false),
        email("x@b.a.example", ".a.example", true),
        email("x@a.example", ".a.example", false),
        email("x@a.example", "x@a.example", true),
        email("y@a.example", "x@a.example", false),
        uri("https://a.example/x", "a.example", true),
        uri("https://A.EXAMPLE/", "a.example", true),
        uri("https://b.a.example/", "a.example", false),
        uri("https://b.a.example/", ".a.example", true),
        uri("https://a.example/", ".a.example", false),
        ip([192, 0, 2, 64], true),
        ip([192, 0, 2, 127], true),
        ip([192, 0, 2, 128], false),
        ip([192, 0, 2, 63], false),
        (directory(&["A", "B"]), directory(&["A"]), true),
        (directory(&["A"]), directory(&["A"]), true),
        (directory(&["B"]), directory(&["A"]), false),
        (directory(&["A"]), directory(&["A", "B"]), false),
    ]
}

fn accepts(
    setting: &Setting,
    name: &GeneralName,
    permitted: &[GeneralName],
    excluded: &[GeneralName],
) -> bool {
    let mut recipe = setting.recipe();
    recipe.name = None;
    let issuer = recipe.issuers_of_end_entity()[1].clone();
    // A directory name constrains the subject as well, so nobody has one.
    let end_entity = recipe
        .certificate_mut(&"end-entity".into())
        .expect("exists");
    end_entity.subject = Name::default();
    let names = ExtensionValue::SubjectAlternativeName(vec![name.clone()]);
    end_entity.set_extension(names.critical());
    let constraints = ExtensionValue::NameConstraints {
        permitted: permitted.to_vec(),
        excluded: excluded.to_vec(),
    };
    let issuer = recipe.certificate_mut(&issuer).expect("exists");
    issuer.remove_extension(&oid::NAME_CONSTRAINTS);
    issuer.set_extension(constraints.critical());
    let case = Case::from_recipe(&Minter::new(), recipe, "symmetry".into(), Expected::Accept);
    let engine = Reference::new(Profile::rfc5280());
    engine.judge(&case.expect("mints")).expect("answers") == Verdict::Accept
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn what_is_permitted_alone_is_what_excluded_alone_refuses(
        (name, base, covers) in select(rows()),
        number in 0u64..200,
    ) {
        let setting = Setting { unrelated: 0, ..Setting::numbered(5, number) };
        let base = [base];
        prop_assert_eq!(accepts(&setting, &name, &base, &[]), covers, "permitted {:?} {:?}", name, base);
        prop_assert_eq!(accepts(&setting, &name, &[], &base), !covers, "excluded {:?} {:?}", name, base);
        // Whoever is both permitted and excluded stays out.
        prop_assert!(!accepts(&setting, &name, &base, &base));
    }

    #[test]
    fn a_constraint_of_one_kind_leaves_the_other_kinds_alone(
        (name, _, _) in select(rows()),
        (other, base, _) in select(rows()),
    ) {
        prop_assume!(std::mem::discriminant(&name) != std::mem::discriminant(&other));
        let setting = Setting::default();
        prop_assert!(accepts(&setting, &name, std::slice::from_ref(&base), &[]), "{name:?} {base:?}");
        prop_assert!(accepts(&setting, &name, &[], std::slice::from_ref(&base)), "{name:?} {base:?}");
    }
}
