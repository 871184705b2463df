//! What is said on the wire, and the frames of what is heard.
//!
//! Commands are encoded by `rusmpp`. Its `esm_class` is 0x08 where it is left alone, a delivery acknowledgement to every
//! message centre; it is always set here. Heard frames are cut here rather than by its decoder, which leaves a command
//! that it cannot read half in the buffer, so that the next one begins in its middle.

use super::limits::{PDU_BYTES_MAX, PDU_BYTES_MIN};
use super::settings::{Account, relative};
use crate::gateway::Submit;
use crate::receipt::ID_CHARS_MAX;
use crate::segment::Encoding;
use rusmpp::pdus::{BindTransceiver, DeliverSmResp, SubmitSm};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, InterfaceVersion, Npi, RegisteredDelivery, Ton};
use rusmpp::{Command, CommandStatus, Pdu};
use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::codec::Encoder;

/// Numbers of commands (SMPP 3.4, section 5.1.2.1).
pub(super) mod command {
    pub(crate) const GENERIC_NACK: u32 = 0x8000_0000;
    pub(crate) const SUBMIT_SM_RESP: u32 = 0x8000_0004;
    pub(crate) const DELIVER_SM: u32 = 0x0000_0005;
    pub(crate) const UNBIND: u32 = 0x0000_0006;
    pub(crate) const UNBIND_RESP: u32 = 0x8000_0006;
    pub(crate) const BIND_TRANSCEIVER_RESP: u32 = 0x8000_0009;
    pub(crate) const ENQUIRE_LINK: u32 = 0x0000_0015;
    pub(crate) const ALERT_NOTIFICATION: u32 = 0x0000_0102;
    /// Bit of a response.
    pub(crate) const RESPONSE: u32 = 0x8000_0000;
}

/// `command_status` where a command has no shape.
pub(super) const INVALID_LENGTH: u32 = 0x02;
/// `command_status` where a command is not known.
pub(super) const INVALID_COMMAND: u32 = 0x03;
/// What stands for the status of a `generic_nack` that says all is well.
pub(super) const UNKNOWN_ERROR: u32 = 0xFF;

/// Bit of `esm_class`: the message begins with a header.
const HEADER: u8 = 0x40;

/// A command as it is heard.
pub(super) struct Frame {
    pub(super) command: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
    pub(super) body: BytesMut,
}

/// The bytes are no commands, or of none that is taken; where the next begins nobody knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoFrame;

impl Frame {
    /// The next command, once all of it is there.
    pub(super) fn next(heard: &mut BytesMut) -> Result<Option<Self>, NoFrame> {
        let Some(length) = heard.first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if !(PDU_BYTES_MIN..=PDU_BYTES_MAX).contains(&length) {
            return Err(NoFrame);
        }
        if heard.len() < length {
            heard.reserve(length - heard.len());
            return Ok(None);
        }
        let mut frame = heard.split_to(length);
        frame.advance(4);
        Ok(Some(Self {
            command: frame.get_u32(),
            status: frame.get_u32(),
            sequence: frame.get_u32(),
            body: frame,
        }))
    }

    /// The id in a `submit_sm_resp`: up to its zero, or to the end where that is missing. Empty where there is none.
    pub(super) fn message_id(&self) -> String {
        let bytes = self.body.iter().take_while(|byte| **byte != 0);
        let id = bytes.take(ID_CHARS_MAX).copied().map(char::from);
        id.filter(char::is_ascii_graphic).collect()
    }
}

/// Says a command.
pub(super) fn say(out: &mut BytesMut, sequence: u32, pdu: impl Into<Pdu>) {
    answer(out, sequence, 0, pdu);
}

/// Says a command with a status.
pub(super) fn answer(out: &mut BytesMut, sequence: u32, status: u32, pdu: impl Into<Pdu>) {
    let command = Command::new(CommandStatus::from(status), sequence, pdu);
    // Its only error is one of input and output, of which there is none.
    let _ = CommandCodec::new().encode(command, out);
}

/// That what was delivered has arrived.
pub(super) fn delivered() -> Pdu {
    DeliverSmResp::default().into()
}

/// What an account says first.
pub(super) fn bind(account: &Account) -> Pdu {
    let bind = BindTransceiver::builder()
        .system_id(text(&account.system_id))
        .password(COctetString::from_bytes(account.password.bytes()).unwrap_or_default())
        .system_type(text(&account.system_type))
        .interface_version(InterfaceVersion::Smpp3_4)
        .build();
    bind.into()
}

/// A segment on its way.
pub(super) fn submit(account: &Account, submit: &Submit) -> Pdu {
    let segment = &submit.segment;
    let (ton, npi) = account.sender_plan;
    let (class, coding) = match (segment.header, segment.encoding) {
        (None, Encoding::Gsm7) => (0, 0),
        (None, Encoding::Ucs2) => (0, 8),
        (Some(_), Encoding::Gsm7) => (HEADER, 0),
        (Some(_), Encoding::Ucs2) => (HEADER, 8),
    };
    let message = [
        segment.header.as_ref().map_or(&[][..], |header| header),
        &segment.text,
    ]
    .concat();
    let validity = account.validity.map(|longest| {
        let validity = relative(longest.min(submit.useful_for));
        format!("{validity}\0").into_bytes()
    });
    let validity = validity.and_then(|validity| EmptyOrFullCOctetString::from_vec(validity).ok());
    let submit = SubmitSm::builder()
        .source_addr_ton(Ton::from(ton))
        .source_addr_npi(Npi::from(npi))
        .source_addr(text(&account.sender))
        .dest_addr_ton(Ton::International)
        .dest_addr_npi(Npi::Isdn)
        .destination_addr(text(&submit.to.digits()))
        .esm_class(EsmClass::from(class))
        .validity_period(validity.unwrap_or_default())
        .registered_delivery(RegisteredDelivery::from(1))
        .data_coding(DataCoding::from(coding))
        .short_message(OctetString::from_vec(message).unwrap_or_default())
        .build();
    submit.into()
}

/// A text whose length and characters were checked with the settings.
fn text<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_string(text.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::deliver_sm::DeliverSm;
    use proptest::prelude::*;

    #[test]
    fn a_command_is_cut_from_what_is_heard_wherever_it_was_parted() {
        let mut said = BytesMut::new();
        say(&mut said, 7, Pdu::EnquireLink);
        answer(&mut said, 8, 0x58, delivered());
        for parting in 0..said.len() {
            let (mut heard, mut frames) = (BytesMut::new(), Vec::new());
            for piece in [&said[..parting], &said[parting..]] {
                heard.extend_from_slice(piece);
                while let Some(frame) = Frame::next(&mut heard).unwrap() {
                    frames.push((frame.command, frame.status, frame.sequence));
                }
            }
            assert_eq!(
                frames,
                [(command::ENQUIRE_LINK, 0, 7), (0x8000_0005, 0x58, 8)]
            );
        }
    }

    #[test]
    fn a_length_that_no_command_has_ends_the_reading() {
        for length in [0u32, 15, PDU_BYTES_MAX as u32 + 1, u32::MAX] {
            let mut heard = BytesMut::from(&length.to_be_bytes()[..]);
            assert!(Frame::next(&mut heard).is_err(), "{length}");
        }
    }

    #[test]
    fn an_id_is_read_with_and_without_its_final_zero_and_never_without_end() {
        let id = |body: &[u8]| {
            let frame = Frame {
                command: 0,
                status: 0,
                sequence: 0,
                body: BytesMut::from(body),
            };
            frame.message_id()
        };
        assert_eq!(id(b"00ab\0\x04\x27"), "00ab");
        assert_eq!(id(b"00ab"), "00ab");
        assert_eq!(id(b""), "");
        assert_eq!(id(&[b'a'; 900]).len(), ID_CHARS_MAX);
    }

    proptest! {
        #[test]
        fn any_bytes_are_framed_or_refused_without_a_panic(bytes: Vec<u8>) {
            let mut heard = BytesMut::from(&bytes[..]);
            while let Ok(Some(frame)) = Frame::next(&mut heard) {
                let _ = (frame.message_id(), DeliverSm::read(&frame.body));
            }
        }
    }
}
