//! JSON at rest: what is kept for long and seldom read stands as its text, which takes a tenth of a value's memory.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A JSON value as its text; copies share it. In a snapshot it is the value itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed(Arc<str>);

impl Packed {
    /// The value.
    pub fn value(&self) -> Value {
        // The text was made from a value, so it can be read.
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl From<&Value> for Packed {
    fn from(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

impl Default for Packed {
    fn default() -> Self {
        Self::from(&Value::Null)
    }
}

impl fmt::Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::from(&value))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_comes_back_in_its_order_and_across_a_snapshot() {
        let value = json!({ "b": [1, 0.5, "é\n"], "a": null });
        let packed = Packed::from(&value);
        assert_eq!(packed.value().to_string(), value.to_string());
        let text = serde_json::to_string(&packed).unwrap();
        assert_eq!(text, value.to_string());
        assert_eq!(serde_json::from_str::<Packed>(&text).unwrap(), packed);
        assert_eq!(Packed::default().value(), Value::Null);
    }
}
