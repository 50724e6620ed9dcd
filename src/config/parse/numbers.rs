//! Whole numbers: counts, ports, and sizes with their units.

use std::ops::RangeInclusive;

use super::Invalid;

pub fn body_limit(text: &str) -> Result<u64, Invalid> {
    const RANGE: RangeInclusive<u64> = 1024..=64 * 1024 * 1024;
    const ALLOWED: &str = "1KiB to 64MiB, a whole number of bytes or with kB, KiB, MB or MiB";
    read_size(text).and_then(|limit| within(&RANGE, limit)).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn port(text: &str) -> Result<u16, Invalid> {
    const ALLOWED: &str = "0 to 65535, where 0 takes any free port";
    read_number(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn pool_size(text: &str) -> Result<u32, Invalid> {
    number_within(&(1..=1000), text, "1 to 1000 connections")
}

pub fn sockets_per_user(text: &str) -> Result<usize, Invalid> {
    number_within(&(1..=100_000), text, "1 to 100000 sockets")
}

pub fn unauthenticated_sockets(text: &str) -> Result<usize, Invalid> {
    number_within(&(1..=1_000_000), text, "1 to 1000000 sockets")
}

pub fn unauthenticated_sockets_per_address(text: &str) -> Result<usize, Invalid> {
    number_within(&(1..=100_000), text, "1 to 100000 sockets")
}

fn number_within<T>(range: &RangeInclusive<T>, text: &str, allowed: &'static str) -> Result<T, Invalid>
where
    T: TryFrom<u64> + PartialOrd,
{
    read_number(text).and_then(|number| within(range, number)).map_err(|wrong| Invalid::shown(text, wrong, allowed))
}

fn read_size(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = split_unit(text);
    let count: u64 = read_number(number)?;
    let unit_bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" => 1_024,
        "mb" => 1_000_000,
        "mib" => 1_048_576,
        _ => return Err("has an unknown unit"),
    };
    count.checked_mul(unit_bytes).ok_or("is too large")
}

pub(super) fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim_start())
}

pub(super) fn read_number<T: TryFrom<u64>>(digits: &str) -> Result<T, &'static str> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not a whole number");
    }
    // Only digits are left, so what still fails is the size.
    let number: u64 = digits.parse().map_err(|_| "is too large")?;
    T::try_from(number).map_err(|_| "is too large")
}

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

    #[test]
    fn sizes_take_decimal_and_binary_units() {
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
            assert_eq!(body_limit(text), Ok(bytes), "{text}");
        }
        for text in ["", "1023", "65MiB", "1M", "1GiB", "1.5MiB", "-1", "18446744073709551615MiB"] {
            assert!(body_limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_stay_in_their_range() {
        assert_eq!(pool_size("1"), Ok(1));
        assert_eq!(pool_size("1000"), Ok(1000));
        for text in ["0", "1001", "4294967297", "ten", "-1", "1.0"] {
            assert!(pool_size(text).is_err(), "{text}");
        }
        assert_eq!(port("0"), Ok(0));
        assert_eq!(port("65535"), Ok(65535));
        for text in ["65536", "http", "-1"] {
            assert!(port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_count_of_sockets_has_the_range_it_names() {
        type Parser = fn(&str) -> Result<usize, Invalid>;
        let parsers: [(Parser, usize); 3] = [
            (sockets_per_user, 100_000),
            (unauthenticated_sockets, 1_000_000),
            (unauthenticated_sockets_per_address, 100_000),
        ];
        for (parser, most) in parsers {
            assert_eq!((parser("1"), parser(&most.to_string())), (Ok(1), Ok(most)));
            assert!(parser("0").unwrap_err().to_string().contains("is too small"));
            let refusal = parser(&(most + 1).to_string()).unwrap_err().to_string();
            assert!(refusal.contains(&format!("is too large; allowed: 1 to {most} sockets")), "{refusal}");
        }
    }
}
