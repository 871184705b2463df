//! Rounds, medians, and the table at the end.

use std::time::Instant;

/// A line of the table.
pub struct Row {
    pub measured: String,
    pub beside: String,
    pub ratio: String,
    pub reach: String,
    pub met: &'static str,
}

impl Row {
    /// Something that is to be at least this part of what it is measured beside.
    pub fn at_least(measured: &str, beside: &str, ratio: f64, reach: f64) -> Self {
        Self {
            measured: measured.into(),
            beside: beside.into(),
            ratio: format!("{ratio:.2}"),
            reach: format!("≥ {reach}"),
            met: if ratio >= reach { "yes" } else { "no" },
        }
    }

    /// Something that is to cost at most this part, or this many times, of what it is measured beside.
    pub fn at_most(measured: &str, beside: &str, ratio: f64, reach: f64) -> Self {
        Self {
            measured: measured.into(),
            beside: beside.into(),
            ratio: format!("{ratio:.2}"),
            reach: format!("≤ {reach}"),
            met: if ratio <= reach { "yes" } else { "no" },
        }
    }

    /// A figure that nothing is asked of.
    pub fn stated(measured: &str, beside: &str, figure: String) -> Self {
        Self {
            measured: measured.into(),
            beside: beside.into(),
            ratio: figure,
            reach: "stated".into(),
            met: "—",
        }
    }
}

/// Entries per second of one run.
pub type Rate = f64;

/// The rate of doing `work` on this many.
pub fn rate(count: u32, work: impl FnOnce()) -> Rate {
    let start = Instant::now();
    work();
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Runs the sides in turn, so many rounds; returns for each side its rates.
pub fn in_turn<const N: usize>(
    rounds: usize,
    sides: [(&str, &mut dyn FnMut() -> Rate); N],
) -> [Vec<Rate>; N] {
    let mut sides = sides;
    let mut rates: [Vec<Rate>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..rounds {
        // Every other round begins at the other end, so that nobody always comes first.
        for step in 0..N {
            let place = if round % 2 == 0 { step } else { N - 1 - step };
            let (name, run) = &mut sides[place];
            let rate = run();
            eprintln!("   {name}: {rate:.0}/s");
            rates[place].push(rate);
        }
    }
    rates
}

/// The median of the ratios of each round.
pub fn ratio(of: &[Rate], to: &[Rate]) -> f64 {
    median(of.iter().zip(to).map(|(a, b)| a / b).collect())
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the table.
pub fn print(rows: &[Row]) {
    let mut lines = vec![
        ["measured", "side by side with", "ratio", "reach", "met"].map(String::from),
        std::array::from_fn(|_| "---".into()),
    ];
    lines.extend(rows.iter().map(|row| {
        [
            row.measured.clone(),
            row.beside.clone(),
            row.ratio.clone(),
            row.reach.clone(),
            row.met.into(),
        ]
    }));
    println!();
    for line in lines {
        println!("| {} |", line.join(" | "));
    }
}
