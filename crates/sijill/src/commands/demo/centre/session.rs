//! One session with whoever sends: commands come in, and are answered in their order. They are read and written by
//! `rusmpp`, whose reader is good enough here: whoever sends is this program.

use super::joining::Piece;
use super::{Office, Outcome};
use crate::signing;
use jiff::Timestamp;
use rusmpp::pdus::{BindTransceiver, BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::tlvs::MessageDeliveryRequestTlvValue;
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessageState, Npi, Ton};
use rusmpp::{Command, CommandStatus, Pdu};
use sijill_outreach::number::Number;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

/// How long whoever connects may take to say who they are; another waits meanwhile.
const BIND_MAX: Duration = Duration::from_secs(1);

/// Longest silence in a session: whoever sends asks sooner whether anybody is there.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// `esm_class` of a delivery receipt.
const RECEIPT: u8 = 0x04;

/// A session.
struct Session<'a> {
    office: &'a mut Office,
    bound: bool,
    ended: bool,
    /// Number of the last command of ours.
    sequence: u32,
    out: BytesMut,
}

/// Holds a session until it ends.
pub(super) async fn hold(mut stream: TcpStream, office: &mut Office) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut session = Session {
        office,
        bound: false,
        ended: false,
        sequence: 0,
        out: BytesMut::new(),
    };
    let (mut codec, mut heard) = (CommandCodec::new(), BytesMut::new());
    while !session.ended {
        let patience = match session.bound {
            true => SILENCE_MAX,
            false => BIND_MAX,
        };
        if timeout(patience, stream.read_buf(&mut heard)).await?? == 0 {
            return Ok(());
        }
        while let Some(command) = codec.decode(&mut heard).map_err(io::Error::other)? {
            session.hear(&command);
        }
        stream.write_all_buf(&mut session.out).await?;
    }
    Ok(())
}

impl Session<'_> {
    fn hear(&mut self, command: &Command) {
        let sequence = command.sequence_number();
        match command.pdu() {
            Some(Pdu::BindTransceiver(bind)) => self.bind(sequence, bind),
            Some(Pdu::SubmitSm(submit)) => self.submit(sequence, submit),
            Some(Pdu::EnquireLink) => {
                self.answer(sequence, CommandStatus::EsmeRok, Pdu::EnquireLinkResp)
            }
            Some(Pdu::Unbind) => {
                self.answer(sequence, CommandStatus::EsmeRok, Pdu::UnbindResp);
                self.ended = true;
            }
            // What is confirmed is nothing to wait for: whoever sends writes it down before.
            Some(Pdu::DeliverSmResp(_) | Pdu::GenericNack) => {}
            _ => self.answer(sequence, CommandStatus::EsmeRinvcmdid, Pdu::GenericNack),
        }
    }

    fn bind(&mut self, sequence: u32, bind: &BindTransceiver) {
        self.bound = self
            .office
            .knows(bind.system_id.as_str(), bind.password.as_str());
        self.ended = !self.bound;
        let status = match self.bound {
            true => CommandStatus::EsmeRok,
            false => CommandStatus::EsmeRinvpaswd,
        };
        self.answer(sequence, status, BindTransceiverResp::default());
    }

    fn submit(&mut self, sequence: u32, submit: &SubmitSm) {
        match self.taken(submit) {
            Err(status) => self.answer(sequence, status, SubmitSmResp::default()),
            Ok((id, outcomes)) => {
                let answer = SubmitSmResp::builder().message_id(text(&id)).build();
                self.answer(sequence, CommandStatus::EsmeRok, answer);
                for outcome in outcomes {
                    self.sequence += 1;
                    self.answer(
                        self.sequence,
                        CommandStatus::EsmeRok,
                        receipt(submit, &outcome),
                    );
                }
            }
        }
    }

    fn taken(&mut self, submit: &SubmitSm) -> Result<(String, Vec<Outcome>), CommandStatus> {
        if !self.bound {
            return Err(CommandStatus::EsmeRinvbndsts);
        }
        let to = Number::from_digits(submit.destination_addr.as_str());
        let to = to.ok_or(CommandStatus::EsmeRinvdstadr)?;
        let (class, coding) = (submit.esm_class.into(), submit.data_coding.into());
        let piece = Piece::read(to, class, coding, submit.short_message());
        self.office
            .take(piece.ok_or(CommandStatus::EsmeRinvesmclass)?)
    }

    fn answer(&mut self, sequence: u32, status: CommandStatus, pdu: impl Into<Pdu>) {
        // Its only error is one of input and output, of which there is none.
        let _ = CommandCodec::new().encode(Command::new(status, sequence, pdu), &mut self.out);
    }
}

/// The receipt of a segment, in optional parts and in the customary text.
fn receipt(submit: &SubmitSm, outcome: &Outcome) -> Pdu {
    let (state, word, arrived, error) = match outcome.delivered {
        true => (MessageState::Delivered, "DELIVRD", 1, 0),
        false => (MessageState::Undeliverable, "UNDELIV", 0, 27),
    };
    let (id, at) = (&outcome.id, minute());
    let said = format!(
        "id:{id} sub:001 dlvrd:{arrived:03} submit date:{at} done date:{at} stat:{word} err:{error:03} text:"
    );
    let receipt = DeliverSm::builder()
        .source_addr_ton(Ton::International)
        .source_addr_npi(Npi::Isdn)
        .source_addr(text(&outcome.to.digits()))
        .dest_addr_ton(submit.source_addr_ton)
        .dest_addr_npi(submit.source_addr_npi)
        .destination_addr(submit.source_addr.clone())
        .esm_class(EsmClass::from(RECEIPT))
        .data_coding(DataCoding::from(0))
        .short_message(OctetString::from_string(said).unwrap_or_default())
        .push_tlv(MessageDeliveryRequestTlvValue::ReceiptedMessageId(text(id)))
        .push_tlv(MessageDeliveryRequestTlvValue::MessageState(state))
        .build();
    receipt.into()
}

/// Now, as receipts write it: `2611301201`.
fn minute() -> String {
    let now = i64::try_from(signing::now()).ok();
    let now = now.and_then(|now| Timestamp::from_millisecond(now).ok());
    now.map_or_else(String::new, |now| now.strftime("%y%m%d%H%M").to_string())
}

fn text<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_string(text.to_owned()).unwrap_or_default()
}
