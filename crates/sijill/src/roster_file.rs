//! The roster as operators write it: a CSV file with the columns `contact`, `stratum`, `language`.
//!
//! Reading is pure: a reader in, people and problems out. Every bad row is named with its line, as spreadsheets count
//! (the header is row 1); a problem repeats neither what stood in the contact's cell nor anything that looks like a number.

use crate::fault::{Fault, input};
use anyhow::{Context, Result};
use sijill_outreach::number::{self, Number, NumberProblem, Repair};
use sijill_poll::definition::Definition;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// Longest cell in bytes that is looked at; a phone number in any script is far shorter.
const CELL_BYTES_MAX: usize = 200;

/// Digits from which on a cell may be somebody's number and is not repeated.
const NUMBER_DIGITS_MIN: usize = 7;

/// Most bytes that are read for one row: behind a quotation mark that nobody closes, the rest of the file is one cell.
/// The reader reads ahead, so this is far more than three cells need.
const ROW_BYTES_MAX: u64 = 1024 * 1024;

/// Somebody to invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The phone number.
    pub number: Number,
    /// Place of the stratum in the definition.
    pub stratum: u16,
    /// Place of the language in the definition.
    pub language: u8,
}

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row; the header is row 1.
    pub row: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Too few or too many cells.
    Cells {
        /// How many the header has.
        expected: usize,
        /// How many the row has.
        found: usize,
    },
    /// Bytes that are no text.
    NotUtf8,
    /// A cell that goes over several lines, or is far too long.
    RunsOn,
    /// No mobile number.
    Number(NumberProblem),
    /// The same number as an earlier row.
    Repeats {
        /// The earlier row.
        row: u64,
    },
    /// Not a stratum of the definition.
    Stratum(String),
    /// Not a language of the definition.
    Language(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cells { expected, found } => {
                write!(f, "expected {expected} cells, found {found}")
            }
            Self::NotUtf8 => write!(f, "is not UTF-8; export the file as CSV UTF-8"),
            Self::RunsOn => write!(
                f,
                "has a cell that runs on; is a quotation mark not closed?"
            ),
            Self::Number(problem) => problem.fmt(f),
            Self::Repeats { row } => write!(f, "repeats row {row}"),
            Self::Stratum(found) => write!(
                f,
                "has stratum {}, which the definition does not have",
                shown(found)
            ),
            Self::Language(found) => write!(
                f,
                "has language {}, which the definition does not have",
                shown(found)
            ),
        }
    }
}

/// A cell as anybody may read it: one with as many digits as a number has is somebody's, where the columns are shifted.
fn shown(cell: &str) -> String {
    match cell.chars().filter(|c| c.is_numeric()).count() {
        digits if digits >= NUMBER_DIGITS_MIN => {
            "(a number; are the columns in another order?)".to_owned()
        }
        _ => format!("`{cell}`"),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} {}", self.row, self.why)
    }
}

/// What a roster file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Those who can be invited, in the file's order.
    pub people: Vec<Person>,
    /// The other rows, in the file's order.
    pub problems: Vec<Problem>,
    /// Rows in all, the header not counted.
    pub rows: u64,
    /// Numbers that were written otherwise than in E.164.
    pub rewritten: u64,
    /// Of them, those that something had to be mended of.
    pub repaired: u64,
    /// What was mended, and of how many numbers.
    pub repairs: BTreeMap<Repair, u64>,
    /// Whether the file begins with a byte-order mark, which is passed over.
    pub byte_order_mark: bool,
}

/// Reads a roster for this definition. The error is one of the whole file; bad rows are in the result.
pub fn parse(source: impl Read, definition: &Definition) -> Result<Parsed> {
    let mut source = BufReader::new(source);
    let mut parsed = Parsed {
        byte_order_mark: take_byte_order_mark(&mut source)?,
        ..Parsed::default()
    };
    let mut records = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(Ending {
            source,
            ended: false,
            left: ROW_BYTES_MAX,
            after_return: false,
        });
    let mut record = csv::ByteRecord::new();
    if !next_row(&mut records, &mut record)? {
        return Err(input(
            "the roster is empty; expected a header `contact,stratum,language` and one row a person",
        ));
    }
    let columns = Columns::of_header(&record)?;
    let mut rows = Rows::new(definition)?;
    while next_row(&mut records, &mut record)? {
        parsed.rows += 1;
        let row = row_of(&records, &record);
        match rows.read(row, &record, &columns) {
            Ok(person) => parsed.people.push(person),
            Err(why) => parsed.problems.push(Problem { row, why }),
        }
    }
    parsed.rewritten = rows.rewritten;
    parsed.repaired = rows.repaired;
    parsed.repairs = rows.repairs;
    Ok(parsed)
}

/// The line on which the record just read begins, blank lines before it counted. The reader stands on the line after it
/// already, unless the file ends without a line end.
fn row_of<R: Read>(records: &csv::Reader<Ending<R>>, record: &csv::ByteRecord) -> u64 {
    let after = records.position().line() + u64::from(records.get_ref().ended);
    let inside = record.as_slice().iter().filter(|byte| **byte == b'\n');
    after.saturating_sub(1 + inside.count() as u64)
}

/// Reads the next row; there may be none. One that does not end within its limit ends the import.
fn next_row<R: Read>(
    records: &mut csv::Reader<Ending<R>>,
    record: &mut csv::ByteRecord,
) -> Result<bool> {
    records.get_mut().left = ROW_BYTES_MAX;
    let start = records.position().line();
    let read = records.read_byte_record(record);
    if records.get_ref().left == 0 {
        return Err(input(format!(
            "the roster's row {start} does not end within {ROW_BYTES_MAX} bytes; is a quotation mark not closed?"
        )));
    }
    read.with_context(|| Fault::Input("cannot read the roster".into()))
}

/// A reader that remembers whether its source ended, gives only so much for a row, and ends every line with a line feed
/// alone: the parser counts nothing else, and spreadsheets write carriage returns.
struct Ending<R> {
    source: R,
    ended: bool,
    left: u64,
    after_return: bool,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.source.by_ref().take(self.left).read(buffer)?;
            self.left -= count as u64;
            self.ended = count == 0;
            let kept = self.end_lines(buffer.get_mut(..count).unwrap_or_default());
            // Nothing kept of something read is not yet the end.
            if kept > 0 || count == 0 {
                return Ok(kept);
            }
        }
    }
}

impl<R> Ending<R> {
    /// Ends the lines in `bytes`, and says how many bytes are left.
    fn end_lines(&mut self, bytes: &mut [u8]) -> usize {
        let mut after_return = self.after_return;
        let mut ended = Vec::with_capacity(bytes.len());
        for byte in bytes.iter() {
            match byte {
                b'\n' if after_return => {}
                b'\r' => ended.push(b'\n'),
                other => ended.push(*other),
            }
            after_return = *byte == b'\r';
        }
        self.after_return = after_return;
        for (place, byte) in bytes.iter_mut().zip(&ended) {
            *place = *byte;
        }
        ended.len()
    }
}

/// Passes over the byte-order mark of UTF-8 and refuses those of UTF-16.
fn take_byte_order_mark(source: &mut impl BufRead) -> Result<bool> {
    let start = source
        .fill_buf()
        .with_context(|| Fault::Input("cannot read the roster".into()))?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(input(
            "the roster is UTF-16, expected UTF-8; export it as CSV UTF-8",
        ));
    }
    let marked = start.starts_with(&[0xef, 0xbb, 0xbf]);
    if marked {
        source.consume(3);
    }
    Ok(marked)
}

/// Where each column stands.
struct Columns {
    contact: usize,
    stratum: usize,
    language: usize,
    count: usize,
}

impl Columns {
    fn of_header(header: &csv::ByteRecord) -> Result<Self> {
        let names: Vec<String> = header
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).trim().to_ascii_lowercase())
            .collect();
        refuse_other_delimiters(&names)?;
        refuse_other_names(&names)?;
        let place = |name: &str| {
            let mut places = names.iter().enumerate().filter(|(_, found)| *found == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (None, _) => Err(input(format!(
                    "the roster has no column `{name}`; expected the header `contact,stratum,language`"
                ))),
                _ => Err(input(format!(
                    "the roster has two columns `{name}`, expected one"
                ))),
            }
        };
        Ok(Self {
            contact: place("contact")?,
            stratum: place("stratum")?,
            language: place("language")?,
            count: names.len(),
        })
    }
}

fn refuse_other_delimiters(names: &[String]) -> Result<()> {
    let [only] = names else { return Ok(()) };
    for (delimiter, name) in [(';', "`;`"), ('\t', "a tab"), ('|', "`|`")] {
        if only.contains(delimiter) {
            return Err(input(format!(
                "the roster's columns are separated by {name}, expected `,`; export it as CSV with commas"
            )));
        }
    }
    Ok(())
}

fn refuse_other_names(names: &[String]) -> Result<()> {
    let known = ["contact", "stratum", "language"];
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        // A file without a header would show a contact here, so the cell is not repeated.
        Some(_) => Err(input(
            "the roster's first row names other columns than expected: the header must be `contact,stratum,language`, in any order, and nothing else",
        )),
    }
}

/// Reads rows, and remembers the numbers it has seen.
struct Rows {
    country: String,
    strata: HashMap<String, u16>,
    languages: HashMap<String, u8>,
    /// The first row of each number, by the number: two integers each, of however many rows.
    seen: HashMap<Number, u64>,
    rewritten: u64,
    repaired: u64,
    repairs: BTreeMap<Repair, u64>,
}

impl Rows {
    fn new(definition: &Definition) -> Result<Self> {
        let country = definition.country.clone();
        if !number::is_country(&country) {
            return Err(input(format!(
                "`{country}` is no country whose phone numbers are known"
            )));
        }
        let strata = definition.strata.iter().zip(0..);
        let languages = definition.languages.iter().zip(0..);
        Ok(Self {
            country,
            strata: strata
                .map(|(stratum, place)| (stratum.id.clone(), place))
                .collect(),
            languages: languages
                .map(|(language, place)| (language.clone(), place))
                .collect(),
            seen: HashMap::new(),
            rewritten: 0,
            repaired: 0,
            repairs: BTreeMap::new(),
        })
    }

    fn read(
        &mut self,
        row: u64,
        record: &csv::ByteRecord,
        columns: &Columns,
    ) -> Result<Person, Why> {
        if record
            .iter()
            .any(|cell| cell.len() > CELL_BYTES_MAX || cell.contains(&b'\n'))
        {
            return Err(Why::RunsOn);
        }
        if record.len() != columns.count {
            return Err(Why::Cells {
                expected: columns.count,
                found: record.len(),
            });
        }
        let cell = |place| {
            let text = std::str::from_utf8(record.get(place).unwrap_or_default());
            text.map(str::trim).map_err(|_| Why::NotUtf8)
        };
        let (written, stratum, language) = (
            cell(columns.contact)?,
            cell(columns.stratum)?,
            cell(columns.language)?,
        );
        let read = Number::read(written, &self.country).map_err(Why::Number)?;
        let person = Person {
            stratum: *self
                .strata
                .get(stratum)
                .ok_or_else(|| Why::Stratum(stratum.to_owned()))?,
            language: *self
                .languages
                .get(language)
                .ok_or_else(|| Why::Language(language.to_owned()))?,
            number: read.number,
        };
        self.refuse_repeat(row, person.number)?;
        self.rewritten += u64::from(written != person.number.e164());
        self.repaired += u64::from(!read.repairs.is_empty());
        for kind in read.repairs.iter() {
            *self.repairs.entry(kind).or_default() += 1;
        }
        Ok(person)
    }

    /// Only rows that are good count as the earlier one.
    fn refuse_repeat(&mut self, row: u64, number: Number) -> Result<(), Why> {
        match self.seen.get(&number) {
            Some(earlier) => Err(Why::Repeats { row: *earlier }),
            None => {
                self.seen.insert(number, row);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
