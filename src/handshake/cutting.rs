//! The last step of the way out: content becomes records, under the keys of its place.

use super::{
    peer::Peer,
    record::{MAX_PLAINTEXT, put_record},
};
use crate::script::{Epoch, ProtocolVersion, RecordKind, Sending};

impl Peer<'_> {
    /// Puts content into records, under the keys that are told or those of its place.
    pub(super) fn put(
        &mut self,
        sending: &Sending,
        kind: RecordKind,
        content: &[u8],
        padding: usize,
    ) {
        if sending.joined && kind == RecordKind::HANDSHAKE {
            self.joined.extend_from_slice(content);
            return;
        }
        let joined = std::mem::take(&mut self.joined);
        let content = match (joined.is_empty(), kind) {
            (true, _) => content,
            (false, RecordKind::HANDSHAKE) => &[&joined[..], content].concat(),
            (false, _) => {
                self.put_records(None, RecordKind::HANDSHAKE, &joined, 0, None);
                content
            }
        };
        self.put_records(sending.epoch, kind, content, padding, sending.fragment);
    }

    /// Sends what waited for a message to share its record.
    pub(super) fn release_joined(&mut self) {
        let joined = std::mem::take(&mut self.joined);
        if !joined.is_empty() {
            self.put_records(None, RecordKind::HANDSHAKE, &joined, 0, None);
        }
    }

    fn put_records(
        &mut self,
        epoch: Option<Epoch>,
        kind: RecordKind,
        content: &[u8],
        padding: usize,
        fragment: Option<u16>,
    ) {
        let size = fragment.map_or(MAX_PLAINTEXT, |size| usize::from(size.max(1)));
        let epoch = self.usable(epoch.unwrap_or(self.epoch));
        let mut rest = content;
        loop {
            let (part, more) = rest.split_at(rest.len().min(size));
            match &mut self.seal[epoch as usize] {
                Some(keys) => keys.seal(&mut self.outgoing, kind, part, padding),
                None => {
                    let first = self.script.hello.record_version;
                    let is_first = self.retry.is_none() && self.tls12.is_none();
                    // RFC 8446 section 5.1: the first hello alone may claim TLS 1.0.
                    let version = match first {
                        ProtocolVersion::TLS_1_0 if !is_first => ProtocolVersion::TLS_1_2,
                        first if self.tls12.is_none() => first,
                        _ => ProtocolVersion::TLS_1_2,
                    };
                    put_record(&mut self.outgoing, kind, version, part);
                }
            }
            rest = more;
            if rest.is_empty() {
                return;
            }
        }
    }

    /// This epoch if there are keys for it, or else the latest before it that has some.
    fn usable(&self, epoch: Epoch) -> Epoch {
        let all = [Epoch::Application, Epoch::Handshake, Epoch::Early];
        let with_keys = |candidate: &Epoch| {
            (*candidate <= epoch && *candidate != Epoch::Early || *candidate == epoch)
                && self.seal[*candidate as usize].is_some()
        };
        all.into_iter().find(with_keys).unwrap_or(Epoch::Plain)
    }
}
