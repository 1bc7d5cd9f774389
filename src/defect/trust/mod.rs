//! *trust*: chains that end at nothing that is trusted, however much they look as if they did.

mod anchors;
mod look_alike;

use anchors::ANCHORS;
use look_alike::LOOK_ALIKES;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit,
    catalogue::{joined, total},
    certificate_at,
    change::{add_authority, without_crls},
    issuer_of, label_at,
};
use crate::{
    der::HexBytes,
    question::Purpose,
    recipe::{Certificate, ExtensionValue, Key, KeyIdentifier, Label, Name, Recipe},
    verdict::Reason,
};

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 sections 6.1.1 (d) and 6.1.3 (a)",
        severity: Severity::Critical,
        class: Class::MustReject,
        positions: &[Position::EndEntity],
        purposes: &Purpose::ALL,
        // The engine either never finds the true issuer, or takes the one whose
        // name fits and finds that it did not sign.
        reasons: &[Reason::UnknownIssuer, Reason::BadSignature],
        vulnerabilities: &[],
        prepare: without_crls,
        spoil,
    }
}

/// The family: strangers, strangers in disguise, and anchors that are not what they should be.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[STRANGERS, LOOK_ALIKES, ANCHORS];

const STRANGERS: &[Defect] = &[
    Defect {
        positions: &[Position::EndEntity, Position::Intermediate],
        ..defect(
            "trust/unknown-issuer",
            "the issuer is a CA that nobody trusts",
            "Anybody can make a CA in a minute and sign any name with it; only the trust anchor tells such a CA from \
             the right one. Here the stranger's certificate is presented along with the chain, as an attacker would, \
             so that a verifier which trusts whatever completes the path is found out.",
            |recipe, position| {
                let stranger =
                    add_stranger(recipe, position, Name::of("Somebody Else", "Their Root"))?;
                recipe.presented.push(stranger);
                Ok(())
            },
        )
    },
    defect(
        "trust/self-signed",
        "the end entity signed itself",
        "The simplest forgery of all: a certificate with the right names that its own key has signed. Verifiers let \
         it in when verification is switched off for a test and stays off, or when an error callback answers yes.",
        |recipe, position| {
            let own = label_at(recipe, position)?;
            certificate_at(recipe, position)?.issuer = own;
            Ok(())
        },
    ),
    Defect {
        positions: &[Position::EndEntity, Position::Intermediate],
        ..defect(
            "trust/same-name",
            "the issuer has the name of the real CA and another key",
            "Names are free to choose. A verifier that finds the issuer by its distinguished name and forgets the \
             signature, or caches CAs by name, takes the stranger for the real CA.",
            |recipe, position| {
                let name = issuer_name(recipe, position)?;
                add_stranger(recipe, position, name).map(drop)
            },
        )
    },
    Defect {
        positions: &[Position::EndEntity, Position::Intermediate],
        prepare: |recipe, position| {
            recipe.crls.clear();
            fix_issuer_identifier(recipe, position)
        },
        ..defect(
            "trust/same-name-and-key-identifier",
            "the issuer has the name and the key identifier of the real CA and another key",
            "A subject key identifier is a hint that its owner writes himself; it is no hash that a verifier may rely \
             on. Here the stranger copies the name and the identifier of the real CA, and both lead to the real CA, \
             whose key has signed nothing of this.",
            |recipe, position| {
                let name = issuer_name(recipe, position)?;
                let stranger = add_stranger(recipe, position, name)?;
                recipe.presented.push(stranger);
                Ok(())
            },
        )
    },
    defect(
        "trust/own-root-presented",
        "the chain ends at its own root, which is presented and not trusted",
        "A peer may send its root along. That a chain is complete and consistent up to a self-signed certificate says \
         nothing while that certificate is not in the verifier's own store.",
        |recipe, position| {
            let issuer = issuer_of(recipe, position)?;
            let root = add_authority(recipe, &issuer, "stranger", Name::common("Home-made Root"))?;
            let own = recipe
                .certificate_mut(&root)
                .ok_or(Unfit("the root is not in the recipe"))?;
            own.issuer = root.clone();
            certificate_at(recipe, position)?.issuer = root.clone();
            recipe.presented.truncate(1);
            recipe.presented.push(root);
            Ok(())
        },
    ),
    Defect {
        vulnerabilities: &["CVE-2008-4989"],
        ..defect(
            "trust/trusted-root-appended",
            "a stranger's chain with the trusted root appended, which issued none of it",
            "The last certificate presented is in the trust store, but nothing before it leads there. GnuTLS once \
             dropped a trusted self-signed certificate from the end of the list and then trusted what was left \
             (CVE-2008-4989).",
            |recipe, position| {
                let anchor = label_at(recipe, Position::Anchor)?;
                let stranger = add_stranger(recipe, position, Name::common("Home-made Root"))?;
                recipe.presented.truncate(1);
                recipe.presented.extend([stranger, anchor]);
                Ok(())
            },
        )
    },
    Defect {
        positions: &[Position::Chain],
        ..defect(
            "trust/anchor-key-with-another-name",
            "the chain ends at a root of another name that has the trust anchor's key",
            "A trust anchor is a name and a key (RFC 5280 section 6.1.1 (d)). Here a self-signed root with the anchor's own \
             key and a name that nobody trusts is presented and has issued the chain: every signature is true, and the path \
             does not begin at the anchor. A verifier that looks anchors up by key or key identifier takes it.",
            |recipe, _| {
                let path = recipe.issuers_of_end_entity();
                let [.., below, anchor] = path.as_slice() else {
                    return Err(Unfit("the end entity is its own anchor"));
                };
                let key = recipe.certificate(anchor).map(|anchor| anchor.key.clone());
                let renamed =
                    add_authority(recipe, anchor, "renamed", Name::common("Renamed Root"))?;
                if let (Some(root), Some(key)) = (recipe.certificate_mut(&renamed), key) {
                    root.issuer = renamed.clone();
                    root.key = key;
                }
                let below = recipe
                    .certificate_mut(below)
                    .ok_or(Unfit("the certificate is not in the recipe"))?;
                below.issuer = renamed.clone();
                recipe.presented.push(renamed);
                Ok(())
            },
        )
    },
    Defect {
        vulnerabilities: &["CVE-2024-2048"],
        // The one trusted certificate of that name is no CA, and whoever asks it says so too.
        reasons: &[
            Reason::UnknownIssuer,
            Reason::BadSignature,
            Reason::NotACa,
            Reason::KeyUsage,
        ],
        prepare: |recipe, position| {
            recipe.crls.clear();
            trust_end_entity_itself(recipe, position)
        },
        ..defect(
            "trust/copy-of-a-trusted-end-entity",
            "a self-signed copy of a trusted certificate, field by field, with another key",
            "Services can be told to trust one certificate that is no CA. Here such a certificate is trusted beside the \
             real CA, and the peer shows a self-signed one of the same names and serial number. HashiCorp Vault \
             compared fields rather than the key (CVE-2024-2048).",
            |recipe, position| {
                let own = label_at(recipe, position)?;
                certificate_at(recipe, position)?.issuer = own;
                Ok(())
            },
        )
    },
];

/// Trusts, besides, a self-signed certificate that is the end entity's copy but for its key.
fn trust_end_entity_itself(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let own = certificate_at(recipe, position)?.clone();
    let pinned = Label::from("stranger");
    recipe.certificates.push(
        Certificate {
            label: pinned.clone(),
            issuer: pinned.clone(),
            key: Key::new(own.key.algorithm, pinned.0.clone()),
            ..own
        }
        .into(),
    );
    recipe.anchors.push(pinned);
    Ok(())
}

/// Has the certificate issued by a stranger, who is like its issuer but for key and name.
fn add_stranger(recipe: &mut Recipe, position: Position, name: Name) -> Result<Label, Unfit> {
    let issuer = issuer_of(recipe, position)?;
    let stranger = add_authority(recipe, &issuer, "stranger", name)?;
    if let Some(authority) = recipe.certificate_mut(&stranger) {
        authority.issuer = stranger.clone();
    }
    certificate_at(recipe, position)?.issuer = stranger.clone();
    Ok(stranger)
}

fn issuer_name(recipe: &mut Recipe, position: Position) -> Result<Name, Unfit> {
    let issuer = issuer_of(recipe, position)?;
    recipe
        .certificate(&issuer)
        .map(|issuer| issuer.subject.clone())
        .ok_or(Unfit("the issuer is not in the recipe"))
}

/// Gives the issuer a key identifier of fixed octets, and has the certificate name it.
fn fix_issuer_identifier(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let fixed = || KeyIdentifier::Fixed(HexBytes(b"gatecrash identifier".to_vec()));
    let issuer = issuer_of(recipe, position)?;
    for certificate in &mut recipe.certificates {
        if certificate.label == issuer {
            certificate.set_extension(ExtensionValue::SubjectKeyIdentifier(fixed()).not_critical());
        } else if certificate.issuer == issuer {
            certificate
                .set_extension(ExtensionValue::AuthorityKeyIdentifier(fixed()).not_critical());
        }
    }
    Ok(())
}
