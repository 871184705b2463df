// A message centre for the tests: it takes binds and submits by npm's `smpp`, reads every segment by itself, joins
// texts by their headers, sends receipts, and says in the end what arrived. It shares no code with the crates.
//
//   centre.cjs [--port 0] [--report FILE] [--receipts delivered|mixed|none] [--ids same|hex-decimal|decimal-hex]
//              [--receipt-form text|parts|both] [--throttle-every N] [--stops ENDING] [--times]
//              [--system-id ID] [--password PASSWORD]
//
// It prints `listening on PORT`, and ends when its standard input does (or at SIGTERM): then the report is written, one
// JSON object:
//   binds, refused_binds, segments (taken), throttled, messages (joined and whole), incomplete, strange (what could not
//   be read: must be 0), receipts_sent, receipts_confirmed, stops_sent, stops_confirmed, esm_classes (how often each),
//   began and ended: when the first segment came and the last receipt was confirmed, in milliseconds since 1970,
//   texts: number -> SHA-256 (hexadecimal) of its text in UTF-8, or a list of them if several arrived, in their order,
//   and with `--times` times: when each message was whole, in milliseconds since 1970.
//
// `--ids A-B` gives ids in base A and names them in receipts in base B. `mixed` receipts: of each ten messages one has
// expired, one is undeliverable, one is first on its way and then delivered, the others are delivered. `--stops ENDING`:
// whoever's number ends so asks for no more messages while one is on its way; its first segment is answered for when
// that wish is confirmed.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const { parseArgs } = require('node:util');
const smpp = require('smpp');

const options = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    report: { type: 'string' },
    receipts: { type: 'string', default: 'delivered' },
    ids: { type: 'string', default: 'same' },
    'receipt-form': { type: 'string', default: 'both' },
    'throttle-every': { type: 'string', default: '0' },
    stops: { type: 'string' },
    times: { type: 'boolean', default: false },
    'system-id': { type: 'string', default: '' },
    password: { type: 'string', default: '' },
  },
}).values;

function oneOf(name, values) {
  if (!values.includes(options[name])) {
    console.error(`--${name} is one of ${values.join(', ')}`);
    process.exit(2);
  }
}
oneOf('receipts', ['delivered', 'mixed', 'none']);
oneOf('ids', ['same', 'hex-decimal', 'decimal-hex']);
oneOf('receipt-form', ['text', 'parts', 'both']);
const throttleEvery = Number(options['throttle-every']);

const report = {
  binds: 0, refused_binds: 0, segments: 0, throttled: 0, messages: 0, incomplete: 0, strange: 0,
  receipts_sent: 0, receipts_confirmed: 0, stops_sent: 0, stops_confirmed: 0, esm_classes: {},
  began: null, ended: null, texts: {},
};
if (options.times) {
  report.times = [];
}

// 3GPP TS 23.038, 6.2.1: the default alphabet by septet, and what follows an escape.
const BASIC = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?'
  + '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENDED = { 0x0a: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2f: '\\', 0x3c: '[', 0x3d: '~', 0x3e: ']', 0x40: '|', 0x65: '€' };

function gsm7(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const c = bytes[at] === 0x1b ? EXTENDED[bytes[at += 1]] : BASIC[bytes[at]];
    if (c === undefined) {
      throw new Error('no character of the default alphabet');
    }
    text += c;
  }
  return text;
}

function ucs2(bytes) {
  if (bytes.length % 2) {
    throw new Error('half a character');
  }
  return new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }).decode(bytes);
}

// What a segment says, and where it belongs: [text, joined by, total, place]. The library's own reading of the message
// is put off (`raw`), so that what is read here are the bytes that came.
function segmentOf(pdu) {
  const bytes = pdu.raw;
  const header = (pdu.esm_class & 0x40) !== 0;
  let [joined, total, place, body] = [null, 1, 1, bytes];
  if (header) {
    const [length, element, size] = bytes;
    if (length !== 5 || element !== 0 || size !== 3) {
      throw new Error('another header');
    }
    [joined, total, place] = [bytes[3], bytes[4], bytes[5]];
    body = bytes.subarray(6);
  }
  const air = pdu.data_coding === 0 ? Math.ceil(((header ? 7 : 0) + body.length) * 7 / 8) : bytes.length;
  if (air > 140 || place < 1 || place > total) {
    throw new Error('too long, or out of its place');
  }
  if (pdu.data_coding !== 0 && pdu.data_coding !== 8) {
    throw new Error('another encoding');
  }
  return [pdu.data_coding === 8 ? ucs2(body) : gsm7(body), joined, total, place];
}

// A filter that keeps the bytes of a message as they came, and writes buffers as they are.
const raw = {
  encode: (value) => (Buffer.isBuffer(value) ? value : Buffer.from(value || '')),
  decode(value) {
    this.raw = Buffer.isBuffer(value) ? value : Buffer.from(value);
    return value;
  },
};
smpp.commands.submit_sm.params.short_message.filter = raw;
smpp.commands.deliver_sm.params.short_message.filter = raw;

const parts = new Map();

// Takes a segment in, and says which of its message it is.
function take(pdu) {
  const [text, joined, total, place] = segmentOf(pdu);
  const to = pdu.destination_addr;
  let whole = text;
  if (joined !== null) {
    const key = `${to} ${joined} ${total}`;
    const found = parts.get(key) || new Map();
    found.set(place, text);
    parts.set(key, found);
    if (found.size < total) {
      return place;
    }
    parts.delete(key);
    whole = Array.from({ length: total }, (_, at) => found.get(at + 1)).join('');
  }
  report.messages += 1;
  const hash = crypto.createHash('sha256').update(whole, 'utf8').digest('hex');
  const before = report.texts[to];
  report.texts[to] = before === undefined ? hash : [].concat(before, hash);
  if (options.times) {
    report.times.push(Date.now());
  }
  return place;
}

// An id in the base in which it is given, and in that of receipts. Ids do not begin at 1, so that none of them reads
// alike in both bases.
let last = 0x5a0000;
function nextId() {
  last += 1;
  const [decimal, hexadecimal] = [String(last), last.toString(16).toUpperCase().padStart(10, '0')];
  switch (options.ids) {
    case 'hex-decimal': return [hexadecimal, decimal];
    case 'decimal-hex': return [decimal, hexadecimal];
    default: return [hexadecimal, hexadecimal];
  }
}

const STATES = { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, ENROUTE: 1 };

function states(number) {
  if (options.receipts === 'none') {
    return [];
  }
  const mixed = { 3: ['EXPIRED'], 6: ['UNDELIV'], 9: ['ENROUTE', 'DELIVRD'] };
  return (options.receipts === 'mixed' && mixed[number % 10]) || ['DELIVRD'];
}

function receipt(session, pdu, id, stat) {
  const done = stat === 'DELIVRD' ? '001' : '000';
  const err = stat === 'UNDELIV' ? '027' : '000';
  const text = `id:${id} sub:001 dlvrd:${done} submit date:2611301200 done date:2611301201 stat:${stat} err:${err} text:`;
  const form = options['receipt-form'];
  const fields = {
    source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr,
    dest_addr_ton: pdu.source_addr_ton, dest_addr_npi: pdu.source_addr_npi, destination_addr: pdu.source_addr,
    esm_class: 4, data_coding: 0, short_message: Buffer.from(form === 'parts' ? '' : text),
  };
  if (form !== 'text') {
    Object.assign(fields, { receipted_message_id: id, message_state: STATES[stat] });
  }
  report.receipts_sent += 1;
  session.deliver_sm(fields, (answer) => {
    report.ended = Date.now();
    report.receipts_confirmed += answer.command_status === 0 ? 1 : 0;
  });
}

// What somebody writes back while their message is on its way.
function stop(session, pdu, then) {
  report.stops_sent += 1;
  session.deliver_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr,
    dest_addr_ton: pdu.source_addr_ton, dest_addr_npi: pdu.source_addr_npi, destination_addr: pdu.source_addr,
    esm_class: 0, data_coding: 8, short_message: Buffer.from('توقف', 'utf16le').swap16(),
  }, (answer) => {
    report.stops_confirmed += answer.command_status === 0 ? 1 : 0;
    then();
  });
}

let asked = 0;
function submitted(session, pdu) {
  asked += 1;
  if (throttleEvery && asked % throttleEvery === 0) {
    report.throttled += 1;
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  report.began ??= Date.now();
  report.segments += 1;
  report.esm_classes[pdu.esm_class] = (report.esm_classes[pdu.esm_class] || 0) + 1;
  let place;
  try {
    place = take(pdu);
  } catch (error) {
    report.strange += 1;
    console.error(`strange: ${error.message}`);
  }
  const [given, named] = nextId();
  const outcome = states(last);
  const answer = () => {
    session.send(pdu.response({ message_id: given }));
    if (pdu.registered_delivery & 1) {
      outcome.forEach((stat) => receipt(session, pdu, named, stat));
    }
  };
  if (options.stops && place === 1 && pdu.destination_addr.endsWith(options.stops)) {
    stop(session, pdu, answer);
  } else {
    answer();
  }
}

const server = smpp.createServer((session) => {
  let bound = false;
  session.on('error', () => session.destroy());
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('bind_transceiver', (pdu) => {
    bound = (!options['system-id'] || pdu.system_id === options['system-id'])
      && (!options.password || pdu.password === options.password);
    report[bound ? 'binds' : 'refused_binds'] += 1;
    session.send(pdu.response(bound ? { system_id: 'centre' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => {
    if (bound) {
      submitted(session, pdu);
    } else {
      session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }));
    }
  });
});

function end() {
  report.incomplete = parts.size;
  if (options.report) {
    fs.writeFileSync(`${options.report}.new`, JSON.stringify(report));
    fs.renameSync(`${options.report}.new`, options.report);
  }
  process.exit(0);
}
process.on('SIGTERM', end);
process.stdin.on('end', end).resume();
server.listen(Number(options.port), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
