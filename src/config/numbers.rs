//! Whole numbers as text: counts, ports, and sizes with units.

use std::{fmt::Display, ops::RangeInclusive};

use super::setting::NumberFormat;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

pub static SIZES: NumberFormat<u64> = NumberFormat {
    placeholder: "SIZE",
    read: |text, range| read_size(text).and_then(|size| within(range, size)),
    show: |bytes| show_size(*bytes),
    units: |_| ", a whole number of bytes or with kB, KiB, MB or MiB".to_owned(),
};

/// The format of a count. `units` names the counted things, which follow the range in messages.
pub const fn counts<T>(placeholder: &'static str, units: fn(&RangeInclusive<T>) -> String) -> NumberFormat<T>
where
    T: TryFrom<u64> + PartialOrd + Display,
{
    NumberFormat { placeholder, read: read_count, show: T::to_string, units }
}

fn read_count<T: TryFrom<u64> + PartialOrd>(text: &str, range: &RangeInclusive<T>) -> Result<T, &'static str> {
    read_number(text).and_then(|number| within(range, number))
}

/// Formats a size in the largest binary unit in which it is a whole number.
fn show_size(bytes: u64) -> String {
    match bytes {
        bytes if bytes.is_multiple_of(MIB) => format!("{}MiB", bytes / MIB),
        bytes if bytes.is_multiple_of(KIB) => format!("{}KiB", bytes / KIB),
        bytes => bytes.to_string(),
    }
}

fn read_size(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = split_unit(text);
    let count: u64 = read_number(number)?;
    let unit_bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" => KIB,
        "mb" => 1_000_000,
        "mib" => MIB,
        _ => return Err("has an unknown unit"),
    };
    count.checked_mul(unit_bytes).ok_or("is too large")
}

/// Splits a text after its leading digits.
pub(super) fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim_start())
}

pub(super) fn read_number<T: TryFrom<u64>>(digits: &str) -> Result<T, &'static str> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not a whole number");
    }
    // The text has only digits, so the only possible error is the size.
    let number: u64 = digits.parse().map_err(|_| "is too large")?;
    T::try_from(number).map_err(|_| "is too large")
}

/// Checks that a value is in a range.
pub(super) fn within<T: PartialOrd>(range: &RangeInclusive<T>, value: T) -> Result<T, &'static str> {
    if value < *range.start() {
        Err("is too small")
    } else if value > *range.end() {
        Err("is too large")
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::setting::Values;

    #[test]
    fn sizes_take_decimal_and_binary_units() {
        let sizes = Values::Range(&SIZES, KIB..=64 * MIB);
        for (text, bytes) in [
            ("1024", 1_024),
            ("2000B", 2_000),
            ("2kB", 2_000),
            ("2KiB", 2_048),
            ("2 KiB", 2_048),
            ("3MB", 3_000_000),
            ("1MiB", 1_048_576),
            ("64mib", 67_108_864),
        ] {
            assert_eq!(sizes.read(text), Ok(bytes), "{text}");
        }
        for text in ["", "1023", "65MiB", "1M", "1GiB", "1.5MiB", "-1", "18446744073709551615MiB"] {
            assert!(sizes.read(text).is_err(), "{text}");
        }
        assert_eq!(
            sizes.read("1GiB").unwrap_err().to_string(),
            "\"1GiB\" has an unknown unit; allowed: 1KiB to 64MiB, \
             a whole number of bytes or with kB, KiB, MB or MiB"
        );
        for text in ["0MiB", "3MiB", "5KiB", "1000"] {
            assert_eq!(show_size(read_size(text).unwrap()), text);
        }
    }

    #[test]
    fn counts_stay_in_their_range() {
        static APPLES: NumberFormat<u32> = counts("COUNT", |_| " apples".to_owned());
        let apples = Values::Range(&APPLES, 1..=1000);
        assert_eq!((apples.read("1"), apples.read("1000")), (Ok(1), Ok(1000)));
        for (text, wrong) in [
            ("0", "is too small"),
            ("1001", "is too large"),
            ("4294967297", "is too large"),
            ("99999999999999999999", "is too large"),
            ("ten", "is not a whole number"),
            ("-1", "is not a whole number"),
            ("1.0", "is not a whole number"),
            ("", "is not a whole number"),
        ] {
            let message = apples.read(text).unwrap_err().to_string();
            assert_eq!(message, format!("{text:?} {wrong}; allowed: 1 to 1000 apples"));
        }
    }
}
