//! The order in which an invitation is shown the options, where the definition has them rotated.
//!
//! It follows from the question's id and the invitation's public key alone, which stands in the roster: a page that is
//! loaded again, in whatever language, shows the same order, and anybody computes it anew. Showing it is `pages`'.

use crate::definition::{Choice, Definition};

/// Context of the hash that a rotation is taken from (`docs/SPEC.md`, section 5).
const CONTEXT: &str = "sijill 2026 option order v1";

/// By how many places the options are rotated for the invitation with this public key: below [`Definition::rotating`],
/// and 0 where the order is fixed.
pub fn of(definition: &Definition, key: &[u8; 32]) -> u16 {
    of_key(&definition.question.id, key, definition.rotating())
}

/// The same where `rotating` options take their turns at standing first; 0 where none do.
pub fn of_key(question: &str, key: &[u8; 32], rotating: u16) -> u16 {
    let material = [question.as_bytes(), &[0], key].concat();
    let [a, b, c, d, e, f, g, h, ..] = blake3::derive_key(CONTEXT, &material);
    let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let rotation = number.checked_rem(rotating.into()).unwrap_or_default();
    // It is below a u16.
    rotation as u16
}

/// The options as they are shown in this rotation: the rotating ones from that place on, those before it, and then the
/// others. A rotation that the definition does not have is its own order.
pub fn shown(definition: &Definition, rotation: u16) -> impl Iterator<Item = &Choice> {
    let options = definition.options.as_slice();
    let (rotating, others) = options
        .split_at_checked(definition.rotating().into())
        .unwrap_or((options, &[]));
    let (last, first) = rotating
        .split_at_checked(rotation.into())
        .unwrap_or((&[], rotating));
    first.iter().chain(last).chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Order;
    use proptest::prelude::*;

    /// A definition of which so many options rotate, and `others` do not.
    fn definition(rotating: usize, others: usize, order: Order) -> Definition {
        let text = include_str!("../testdata/good-2.toml");
        let mut definition = Definition::parse(text).expect("it is good");
        let option = |place: usize, no_opinion| Choice {
            id: format!("option-{place}"),
            no_opinion,
            ..definition.options[0].clone()
        };
        let options = (0..rotating + others).map(|place| option(place, place >= rotating));
        definition.options = options.collect();
        definition.question.order = order;
        definition
    }

    fn ids(definition: &Definition, rotation: u16) -> Vec<&str> {
        shown(definition, rotation)
            .map(|option| option.id.as_str())
            .collect()
    }

    #[test]
    fn options_take_their_turns_and_those_without_an_opinion_stay_last() {
        let definition = definition(3, 1, Order::Rotated);
        for (rotation, order) in [(0, [0, 1, 2, 3]), (1, [1, 2, 0, 3]), (2, [2, 0, 1, 3])] {
            let expected = order.map(|place| format!("option-{place}"));
            assert_eq!(ids(&definition, rotation), expected);
        }
        assert_eq!(ids(&definition, 4), ids(&definition, 0));
    }

    #[test]
    fn a_fixed_order_is_the_definitions_for_every_key() {
        let definition = definition(3, 1, Order::Fixed);
        for byte in 0..=255 {
            assert_eq!(of(&definition, &[byte; 32]), 0);
        }
        assert_eq!(ids(&definition, 1), ids(&definition, 0));
    }

    /// A poll in which people saw one order more often than another would lean to whatever stood first in it.
    #[test]
    fn over_many_keys_each_rotation_comes_up_about_equally() {
        const KEYS: u32 = 20_000;
        for rotating in [2_u16, 3, 5, 7, 49] {
            let mut times = vec![0_u32; rotating.into()];
            for place in 0..KEYS {
                let key = *blake3::hash(&place.to_le_bytes()).as_bytes();
                times[usize::from(of_key("mission", &key, rotating))] += 1;
            }
            let expected = f64::from(KEYS) / f64::from(rotating);
            // Five standard deviations: the keys are the same in every run.
            let margin = 5.0 * expected.sqrt();
            for (rotation, times) in times.iter().enumerate() {
                let off = (f64::from(*times) - expected).abs();
                assert!(off < margin, "{rotating}, {rotation}: {times} of {KEYS}");
            }
        }
    }

    #[test]
    fn another_question_has_other_rotations() {
        let keys = (0..64).map(|byte| [byte; 32]);
        let differ = keys.filter(|key| of_key("a", key, 7) != of_key("b", key, 7));
        assert!(differ.count() > 32);
    }

    proptest! {
        #[test]
        fn every_rotation_is_a_permutation_that_keeps_the_circle(rotating in 2_usize..49, others in 0_usize..3, key: [u8; 32]) {
            let definition = definition(rotating, others, Order::Rotated);
            let rotation = of(&definition, &key);
            prop_assert!(usize::from(rotation) < rotating);
            let found = ids(&definition, rotation);
            let mut expected = ids(&definition, 0);
            prop_assert_eq!(&found[rotating..], &expected[rotating..]);
            expected[..rotating].rotate_left(rotation.into());
            prop_assert_eq!(found, expected);
        }
    }
}
