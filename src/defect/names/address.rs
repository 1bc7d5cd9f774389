//! Addresses: written as text, of another length, or of the other family.

use super::{
    Row,
    Text::{Dns, Ip},
    defects, named,
};
use crate::defect::{Class, Defect, Severity};

/// A row in which 192.0.2.7 was asked.
const fn asked(row: Row) -> Row {
    Row {
        asked: "192.0.2.7",
        good: &[Ip(&[192, 0, 2, 7])],
        ..row
    }
}

pub(super) const DEFECTS: &[Defect] = defects![
    asked(named(
        "names/other-address",
        &[Ip(&[192, 0, 2, 8])],
        "the certificate is for another address",
        "The neighbour's address. A client that connects by address and has no host name to compare must compare the address.",
    )),
    asked(named(
        "names/address-as-host",
        &[Dns("192.0.2.7")],
        "the address stands as text in a dNSName",
        "An address must be in an iPAddress. Text that looks like an address passes no check of addresses at the CA, and no \
         constraint of addresses at the verifier.",
    )),
    Row {
        vulnerabilities: &["CVE-2014-0139"],
        ..asked(named(
            "names/wildcard-address",
            &[Dns("*.0.2.7")],
            "a wildcard in a dNSName that matches the text of the address",
            "Matched as text, the star covers 256 hosts, none of which the CA has looked at. curl let wildcards match addresses.",
        ))
    },
    Row {
        vulnerabilities: &["CVE-2014-0139"],
        common_names: &["*.0.2.7"],
        ..asked(named(
            "names/wildcard-address-in-common-name",
            &[],
            "a wildcard in the commonName alone that matches the text of the address",
            "There are no alternative names, so a client that falls back to the commonName compares the address with a pattern. \
             curl did both, and 256 hosts were one.",
        ))
    },
    asked(Row {
        common_names: &["192.0.2.7"],
        ..named(
            "names/address-in-common-name",
            &[],
            "the address stands in the commonName alone",
            "Neither a type nor a check. Some clients fall back to it when there are no alternative names. \
         CAs of appliances write it there, so that the clients of appliances look there.",
        )
    }),
    asked(named(
        "names/address-with-mask",
        &[Ip(&[192, 0, 2, 7, 255, 255, 255, 255])],
        "an iPAddress of eight octets, address and mask",
        "The form of a constraint in the place of a name. Comparing the first four octets is not enough. \
         Half of it is the address that was asked for, which is all that a short `memcmp` sees.",
    )),
    asked(named(
        "names/address-short",
        &[Ip(&[192, 0, 2])],
        "an iPAddress of three octets",
        "A prefix of the address. A comparison over the length of the certificate's octets finds that all of them \
         agree, and one certificate is good for a whole network.",
    )),
    asked(named(
        "names/address-empty",
        &[Ip(&[])],
        "an iPAddress without octets",
        "The empty prefix agrees with every address when the comparison runs over the length of the certificate's \
         octets. One certificate of no address is then good for all of them.",
    )),
    Row {
        class: Class::Policy,
        severity: Severity::Low,
        ..asked(named(
            "names/address-mapped",
            &[Ip(&[
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7
            ])],
            "the IPv4 address in the form that IPv6 has for it",
            "::ffff:192.0.2.7 is another identity than 192.0.2.7. RFC 9525 compares octets, and libraries that normalize addresses \
             first make the two the same.",
        ))
    },
    Row {
        asked: "2001:db8::7",
        good: &[Ip(&[
            0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7
        ])],
        ..named(
            "names/other-address-of-version-6",
            &[Ip(&[
                0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8
            ])],
            "the certificate is for another IPv6 address",
            "All but the last of sixteen octets agree. Code that compares four octets sees no difference. \
         A provider gives one customer addresses that differ in the last octets from another's.",
        )
    },
];
