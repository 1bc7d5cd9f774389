//! The product that the family is: form of name × permitted or excluded × what is
//! special in name or constraint × level.
//!
//! A table of cells says what is special, once, and a macro puts it at each level.
//! `product_tests` walks the product and finds a defect for each cell, or the reason
//! for which there can be none.

use super::{
    Bearer, Row,
    Text::{self, Directory, Dns, Email, Ip, Uri},
    level::{above, anchored},
};
use crate::defect::{Class, Severity};

/// A form of name, and all subtrees of it that an issuer permits below an anchor that says otherwise.
pub(super) struct Form {
    beside: &'static [Text],
}

/// What a constraint does with its subtrees.
pub(super) enum Kind {
    Permitted,
    Excluded,
}

pub(super) const DEVICE_URI: Text = Uri("spiffe://gatecrash.example/device/7");

pub(super) const HOSTS: Form = Form {
    beside: &[
        Dns("gatecrash.example"),
        Dns("corp.example"),
        Dns("evil.example"),
    ],
};
pub(super) const MAILBOXES: Form = Form {
    beside: &[
        Email("gatecrash.example"),
        Email(".gatecrash.example"),
        Email("corp.example"),
        Email(".corp.example"),
        Email("evil.example"),
        Email(".evil.example"),
    ],
};
pub(super) const URIS: Form = Form {
    beside: &[
        Uri("gatecrash.example"),
        Uri(".gatecrash.example"),
        Uri("corp.example"),
        Uri(".corp.example"),
        Uri("evil.example"),
        Uri(".evil.example"),
    ],
};
pub(super) const SUBJECTS: Form = Form {
    beside: &[
        Directory(&["Gatecrash Example", "Devices"]),
        Directory(&["Gatecrash Example", "Laboratory"]),
        Directory(&["Gatecrash Example", "Finance"]),
    ],
};

pub(super) const NET: Text = Ip(&[192, 0, 2, 0, 255, 255, 255, 0]);
pub(super) const AWAY: Text = Ip(&[198, 51, 100, 0, 255, 255, 255, 0]);
pub(super) const TEST: Text = Ip(&[203, 0, 113, 0, 255, 255, 255, 0]);
pub(super) const TEN: Text = Ip(&[10, 0, 0, 0, 255, 0, 0, 0]);
pub(super) const NEAR: &[Text] = &[Ip(&[192, 0, 2, 7])];
pub(super) const FAR: &[Text] = &[Ip(&[198, 51, 100, 7])];
pub(super) const NETS: Form = Form {
    beside: &[NET, AWAY, TEN],
};

/// 2001:db8:n::/48.
const fn network6(n: u8) -> [u8; 32] {
    let mut octets = [0; 32];
    let address = address6(n);
    let mut index = 0;
    while index < 6 {
        octets[index] = address[index];
        octets[16 + index] = 255;
        index += 1;
    }
    octets
}

/// 2001:db8:n::7.
const fn address6(n: u8) -> [u8; 16] {
    let mut octets = [0; 16];
    [octets[0], octets[1], octets[2], octets[3]] = [0x20, 1, 0x0d, 0xb8];
    octets[5] = n;
    octets[15] = 7;
    octets
}

const ADDRESS6_1: [u8; 16] = address6(1);
const ADDRESS6_2: [u8; 16] = address6(2);
pub(super) const ADDRESS6_3: [u8; 16] = address6(3);
const NETWORK6_1: [u8; 32] = network6(1);
const NETWORK6_2: [u8; 32] = network6(2);
const NETWORK6_3: [u8; 32] = network6(3);
pub(super) const NET6: Text = Ip(&NETWORK6_1);
pub(super) const AWAY6: Text = Ip(&NETWORK6_2);
pub(super) const THIRD6: Text = Ip(&NETWORK6_3);
pub(super) const NEAR6: &[Text] = &[Ip(&ADDRESS6_1)];
pub(super) const FAR6: &[Text] = &[Ip(&ADDRESS6_2)];
pub(super) const NETS6: Form = Form {
    beside: &[NET6, AWAY6, THIRD6],
};

/// Where a constraint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// In the CA that issued the end entity.
    Issuer,
    /// In the CA above it.
    Upper,
    /// In the anchor.
    Anchor,
    /// In the anchor, below which the issuer permits everything of the form.
    Both,
}

impl Level {
    /// A row of the issuer, at this level.
    pub(super) const fn of(self, row: Row, form: &Form) -> Row {
        match self {
            Self::Issuer => row,
            Self::Upper => above(row),
            Self::Anchor => anchored(row),
            Self::Both => Row {
                issuer: Some([form.beside, &[]]),
                ..anchored(row)
            },
        }
    }
}

/// The row of a cell, at the issuer.
pub(super) const fn row(kind: Kind, subtrees: &'static [Text], [good, bad]: [Bearer; 2]) -> Row {
    let (permitted, excluded): (&[Text], &[Text]) = match kind {
        Kind::Permitted => (subtrees, &[]),
        Kind::Excluded => (&[], subtrees),
    };
    Row {
        permitted,
        excluded,
        good,
        bad,
        ..super::ROW
    }
}

/// The row of a base that is none, in the certificate that bears it.
pub(super) const fn broken_row(
    level: Level,
    form: &Form,
    [good, bad]: [[&'static [Text]; 2]; 2],
    class: Class,
) -> Row {
    let row = Row {
        permitted: good[0],
        excluded: good[1],
        spoilt: Some(bad),
        clause: "RFC 5280 section 4.2.1.10",
        reasons: super::form::REFUSED,
        ..super::ROW
    };
    let row = level.of(row, form);
    Row {
        positions: match level {
            Level::Issuer | Level::Upper => super::AT_ISSUER,
            Level::Anchor | Level::Both => row.positions,
        },
        class,
        severity: Severity::Low,
        ..row
    }
}

/// What a constraint does, as a value and in words.
macro_rules! kind {
    (permitted kind) => {
        $crate::defect::name_constraints::product::Kind::Permitted
    };
    (excluded kind) => {
        $crate::defect::name_constraints::product::Kind::Excluded
    };
    (permitted relation) => {
        " outside what "
    };
    (excluded relation) => {
        " inside what "
    };
    (permitted verb) => {
        " permits"
    };
    (excluded verb) => {
        " excludes"
    };
}
pub(super) use kind;

/// Where it stands, in words: the beginning of the id, who says it, the end of the summary, the end of the page.
macro_rules! level {
    (Issuer $then:ident! $rest:tt) => {
        $then!("" "the issuer" "" "" Issuer $rest)
    };
    (Upper $then:ident! $rest:tt) => {
        $then!("upper-" "a CA two levels up" ""
            " It holds for all that follows, however far below it stands." Upper $rest)
    };
    (Anchor $then:ident! $rest:tt) => {
        $then!("anchor-" "the trust anchor's certificate" ""
            " RFC 5280 takes name and key alone from an anchor and RFC 5937 its constraints too, as an operator expects \
             who wrote one there." Anchor $rest)
    };
    (Both $then:ident! $rest:tt) => {
        $then!("both-" "the trust anchor's certificate" ", below an issuer that permits it"
            " The issuer permits it all, which is not its to give: what is permitted is intersected on the way down, and \
             no permission undoes an exclusion." Both $rest)
    };
}
pub(super) use level;

/// A cell of the product at one level, as a row.
macro_rules! cell {
    ($prefix:literal $who:literal $below:literal $more:literal $level:ident
     [$kind:ident $form:ident $name:literal, $what:literal, $tail:literal, $fact:literal, $why:literal,
      $subtrees:expr, $good:expr, $bad:expr, { $($field:ident: $value:expr),* }]) => {{
        use $crate::defect::name_constraints::product::{self, kind};
        $crate::defect::name_constraints::Row {
            id: concat!("name-constraints/", $prefix, $name),
            summary: concat!($what, kind!($kind relation), $who, kind!($kind verb), $tail, $below),
            page: concat!("What ", $who, kind!($kind verb), " is ", $fact, ". ", $why, $more),
            $($field: $value,)*
            ..product::Level::$level.of(
                product::row(kind!($kind kind), $subtrees, [$good, $bad]),
                &$form,
            )
        }
    }};
}
pub(super) use cell;

/// A base that is none at one level, as a row: form, name, what it is, why it matters, what twin and
/// hostile case permit and exclude, class.
macro_rules! broken {
    ($prefix:literal $who:literal $below:literal $more:literal $level:ident
     [$form:ident $name:literal, $what:literal, $why:literal, $good:expr, $bad:expr, $class:ident]) => {{
        use $crate::defect::name_constraints::product;
        $crate::defect::name_constraints::Row {
            id: concat!("name-constraints/", $prefix, $name),
            summary: concat!($what, " in ", $who, $below),
            page: concat!("The constraint stands in ", $who, ". ", $why, $more),
            ..product::broken_row(
                product::Level::$level,
                &$form,
                [$good, $bad],
                $crate::defect::Class::$class,
            )
        }
    }};
}
pub(super) use broken;

/// The defects of a table of cells, at one level.
macro_rules! at_level {
    ($level:ident $then:ident: $($cell:tt)*) => {
        defects![$( level!($level $then! $cell), )*]
    };
}
pub(super) use at_level;

/// The defects of a table of cells, at each level but the issuer's own.
macro_rules! at_upper_levels {
    ($then:ident: $($cell:tt)*) => {
        defects![$(
            level!(Upper $then! $cell),
            level!(Anchor $then! $cell),
            level!(Both $then! $cell),
        )*]
    };
}
pub(super) use at_upper_levels;

/// The defects of a table of cells, at each level.
macro_rules! at_every_level {
    ($then:ident: $($cell:tt)*) => {
        defects![$(
            level!(Issuer $then! $cell),
            level!(Upper $then! $cell),
            level!(Anchor $then! $cell),
            level!(Both $then! $cell),
        )*]
    };
}
pub(super) use at_every_level;
