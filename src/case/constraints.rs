//! Room for the names of a template under the constraints of a defect.
//!
//! A defect of name constraints is about one name, and the template has others,
//! which its service asks for. What is permitted is widened by just these; what an
//! exclusion covers cannot stay, nor what has a form that nobody can compare.

use super::own_names::{alternative_names, end_entity, end_entity_mut, host_of};
use crate::{
    der::oid,
    recipe::{ExtensionValue, GeneralName, Label, Recipe},
};

/// Whether a CA of the recipe, other than the one that was given, constrains names.
pub(super) fn are_stated(recipe: &Recipe, given: Option<&Label>) -> bool {
    recipe.certificates.iter().any(|certificate| {
        given != Some(&certificate.label) && certificate.extension(&oid::NAME_CONSTRAINTS).is_some()
    })
}

/// Whether a constraint of the recipe is about directory names.
pub(super) fn are_of_directory_names(recipe: &Recipe) -> bool {
    let mut bases = recipe.name_constraints().flatten().flatten();
    bases.any(|base| matches!(base, GeneralName::Directory(_) | GeneralName::Raw(_)))
}

/// Lets these names stand in twin and hostile case, or takes away those that cannot.
pub(super) fn make_room(
    names: &[GeneralName],
    twin: &mut Recipe,
    hostile: &mut Recipe,
    given: Option<&Label>,
) {
    let Some(stated) = end_entity(twin).and_then(alternative_names) else {
        return;
    };
    let kept: Vec<GeneralName> = stated
        .iter()
        .filter(|name| names.contains(name))
        .cloned()
        .collect();
    for name in kept {
        // What the hostile case alone excludes is the defect.
        let stays = can_stay(&name, twin, given);
        for recipe in [&mut *twin, &mut *hostile] {
            if stays {
                permit(&name, recipe, given);
            } else {
                take_away(&name, recipe);
            }
        }
    }
}

/// Whether a name lies in what is permitted where there is room for these names.
pub(super) fn have_room_for(names: &[GeneralName], name: &GeneralName) -> bool {
    let mut bases = names.iter().filter_map(base_of);
    bases.any(|base| is_of_form(&base, name) && covers(&base, name))
}

/// Whether no exclusion covers the name, and every constraint of its form can be compared with it.
fn can_stay(name: &GeneralName, recipe: &Recipe, given: Option<&Label>) -> bool {
    let constrained = recipe
        .certificates
        .iter()
        .filter(|certificate| given != Some(&certificate.label))
        .flat_map(|certificate| &certificate.extensions);
    constrained
        .into_iter()
        .all(|extension| match &extension.value {
            ExtensionValue::NameConstraints {
                permitted,
                excluded,
            } => {
                let of_form = |base: &&GeneralName| is_of_form(base, name);
                let any_of_form = permitted.iter().chain(excluded).any(|base| of_form(&base));
                !any_of_form
                    || (base_of(name).is_some()
                        && !excluded
                            .iter()
                            .filter(of_form)
                            .any(|base| covers(base, name)))
            }
            _ => true,
        })
}

/// Adds the name to what is permitted wherever names of its form are.
fn permit(name: &GeneralName, recipe: &mut Recipe, given: Option<&Label>) {
    let Some(own) = base_of(name) else {
        return;
    };
    for certificate in &mut recipe.certificates {
        if given == Some(&certificate.label) {
            continue;
        }
        for extension in &mut certificate.extensions {
            if let ExtensionValue::NameConstraints { permitted, .. } = &mut extension.value
                && permitted.iter().any(|base| is_of_form(base, name))
                && !permitted.iter().any(|base| covers(base, name))
            {
                permitted.push(own.clone());
            }
        }
    }
}

fn take_away(name: &GeneralName, recipe: &mut Recipe) {
    let Some(certificate) = end_entity_mut(recipe) else {
        return;
    };
    let names = certificate.alternative_names_mut();
    names.retain(|other| other != name);
    if names.is_empty() {
        certificate.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
    }
}

/// Whether a base is of the form of a name. Addresses of both families are one form
/// (RFC 5280 section 4.2.1.10).
fn is_of_form(base: &GeneralName, name: &GeneralName) -> bool {
    use GeneralName::{Directory, Dns, Email, Ip, IpBytes, Other, RegisteredId, Uri};
    match (base, name) {
        (Dns(_), Dns(_))
        | (Email(_), Email(_))
        | (Uri(_), Uri(_))
        | (Directory(_), Directory(_))
        | (Other { .. }, Other { .. })
        | (RegisteredId(_), RegisteredId(_))
        | (Ip(_) | IpBytes(_), Ip(_) | IpBytes(_)) => true,
        (GeneralName::Raw(base), other) => tag_of(other) == base.0.first().copied(),
        _ => false,
    }
}

/// The identifier octet of a name.
fn tag_of(name: &GeneralName) -> Option<u8> {
    Some(match name {
        GeneralName::Other { .. } => 0xa0,
        GeneralName::Email(_) => 0x81,
        GeneralName::Dns(_) => 0x82,
        GeneralName::Directory(_) => 0xa4,
        GeneralName::Uri(_) => 0x86,
        GeneralName::Ip(_) | GeneralName::IpBytes(_) => 0x87,
        GeneralName::RegisteredId(_) => 0x88,
        GeneralName::Raw(octets) => *octets.0.first()?,
    })
}

/// The narrowest base that the name lies in. None for forms that have no comparison.
fn base_of(name: &GeneralName) -> Option<GeneralName> {
    Some(match name {
        GeneralName::Uri(uri) => GeneralName::Uri(host_of(uri)?.to_owned()),
        GeneralName::Dns(_) | GeneralName::Email(_) | GeneralName::Directory(_) => name.clone(),
        GeneralName::Ip(_) | GeneralName::IpBytes(_) => {
            let octets = octets_of(name)?;
            GeneralName::IpBytes([octets.clone(), vec![0xff; octets.len()]].concat().into())
        }
        _ => return None,
    })
}

fn octets_of(name: &GeneralName) -> Option<Vec<u8>> {
    match name {
        GeneralName::Ip(std::net::IpAddr::V4(address)) => Some(address.octets().to_vec()),
        GeneralName::Ip(std::net::IpAddr::V6(address)) => Some(address.octets().to_vec()),
        GeneralName::IpBytes(octets) => Some(octets.0.clone()),
        _ => None,
    }
}

/// Whether a name lies in a base of its form.
// RFC 5280 section 4.2.1.10
fn covers(base: &GeneralName, name: &GeneralName) -> bool {
    use GeneralName::{Directory, Dns, Email, Uri};
    match (base, name) {
        (Dns(base), Dns(name)) => {
            let [base, name] = [base, name].map(|text| text.to_ascii_lowercase());
            base.is_empty() || name == base || name.ends_with(&format!(".{base}"))
        }
        (Email(base), Email(name)) if base.contains('@') => base == name,
        (Email(base), Email(name)) => name
            .rsplit_once('@')
            .is_some_and(|(_, host)| is_host_in(base, host)),
        (Uri(base), Uri(name)) => host_of(name).is_some_and(|host| is_host_in(base, host)),
        (Directory(base), Directory(name)) => name.0.starts_with(&base.0),
        (GeneralName::Raw(_), _) => true,
        _ => match (octets_of(base), octets_of(name)) {
            (Some(base), Some(name)) if base.len() == 2 * name.len() => {
                let (network, mask) = base.split_at(name.len());
                let mut octets = name.iter().zip(network).zip(mask);
                octets.all(|((name, network), mask)| name & mask == network & mask)
            }
            _ => false,
        },
    }
}

/// Whether a host is the one of the base, or below it where the base has a dot in front.
fn is_host_in(base: &str, host: &str) -> bool {
    let [base, host] = [base, host].map(str::to_ascii_lowercase);
    match base.starts_with('.') {
        true => host.ends_with(&base) && host.len() > base.len(),
        false => host == base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lies_in_its_own_base_and_in_no_other() {
        let names = [
            GeneralName::Dns("a.corp.test".into()),
            GeneralName::Email("a@corp.test".into()),
            GeneralName::Uri("spiffe://corp.test/a".into()),
            GeneralName::IpBytes(vec![10, 1, 2, 3].into()),
            GeneralName::IpBytes(vec![0x20; 16].into()),
        ];
        for (index, name) in names.iter().enumerate() {
            for (other, base) in names.iter().map(base_of).enumerate() {
                let base = base.expect("a base");
                assert_eq!(covers(&base, name), index == other, "{base:?} {name:?}");
            }
        }
    }

    #[test]
    fn bases_cover_what_the_standard_says() {
        let dns = |text: &str| GeneralName::Dns(text.into());
        let email = |text: &str| GeneralName::Email(text.into());
        let uri = |text: &str| GeneralName::Uri(text.into());
        let table = [
            (dns("corp.test"), dns("A.CORP.test"), true),
            (dns("corp.test"), dns("acorp.test"), false),
            (dns(""), dns("corp.test"), true),
            (email("corp.test"), email("a@Corp.test"), true),
            (email("corp.test"), email("a@mail.corp.test"), false),
            (email(".corp.test"), email("a@mail.corp.test"), true),
            (email("b@corp.test"), email("a@corp.test"), false),
            (uri(".corp.test"), uri("https://corp.test/"), false),
            (uri(".corp.test"), uri("https://a.corp.test:1/"), true),
        ];
        for (base, name, expected) in table {
            assert_eq!(covers(&base, &name), expected, "{base:?} {name:?}");
        }
    }
}
