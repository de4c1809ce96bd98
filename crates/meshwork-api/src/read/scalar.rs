//! What a plain YAML scalar means.

use serde_json::{Number, Value};

/// Resolves a scalar without quotes: null, `true` and `false`, numbers, text.
///
/// Numbers are those of kubectl (`010` is eight, `1_000` a thousand). Booleans are `true` and
/// `false` alone; `on`, `yes` and their like stay text.
pub(crate) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let numeric = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.'));
    match numeric.then(|| number(text)).flatten() {
        Some(number) => Value::Number(number),
        None => Value::String(text.to_owned()),
    }
}

fn number(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if digits.starts_with('_') {
        return None;
    }
    let (radix, body) = match plain.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, plain.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, plain.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, plain.get(2..)?),
        [b'0', _, ..] => (8, plain.get(1..)?),
        _ => (10, plain.as_str()),
    };
    if body.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && let Ok(unsigned) = u64::from_str_radix(body, radix)
    {
        if sign.is_empty() {
            return Some(unsigned.into());
        }
        return 0i64.checked_sub_unsigned(unsigned).map(Number::from);
    }
    float(sign, &plain)
}

fn float(sign: &str, digits: &str) -> Option<Number> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (digits.get(..at)?, Some(digits.get(at + 1..)?)),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_fine = exponent.is_none_or(|text| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        !digits.is_empty() && all_digits(digits)
    });
    if whole.len() + fraction.len() == 0
        || !all_digits(whole)
        || !all_digits(fraction)
        || !exponent_is_fine
    {
        return None;
    }
    let value: f64 = format!("{sign}{digits}").parse().ok()?;
    // A number without a fraction is an integer in JSON, however it was written.
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "the value is integral and small")]
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

/// Up to here every integer is a floating-point number.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resolves_as_kubectl() {
        for (text, value) in [
            ("~", json!(null)),
            ("true", json!(true)),
            ("on", json!("on")),
            ("y", json!("y")),
            ("0", json!(0)),
            ("-5", json!(-5)),
            ("+5", json!(5)),
            ("010", json!(8)),
            ("0x1f", json!(31)),
            ("0b101", json!(5)),
            ("08", json!(8)),
            ("1_000", json!(1000)),
            ("1.0", json!(1)),
            ("1e3", json!(1000)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            (".", json!(".")),
            ("-", json!("-")),
            ("1.2.3", json!("1.2.3")),
            ("1.22.333.4", json!("1.22.333.4")),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("5s", json!("5s")),
            (".inf", json!(".inf")),
            ("2026-01-01", json!("2026-01-01")),
            ("1e", json!("1e")),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
