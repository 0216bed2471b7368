//! What is kept for long and seldom read: JSON stands as its text, which takes a tenth of a value's memory, and equal
//! long texts and bytes are kept once, however many accounts have them.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::ops::Deref;
use std::sync::{Arc, Weak};

use bytes::Bytes;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// What is shorter is not worth looking for: most values and bodies differ.
const WORTH: usize = 64;
/// The same for texts that are known to repeat.
const WORTH_TEXT: usize = 12;
/// How many bodies a thread looks among for one that is the same.
const BODIES: usize = 128;

thread_local! {
    /// Texts that somebody holds, by their hash.
    static TEXTS: RefCell<HashMap<u64, Weak<str>>> = RefCell::default();
    /// Members of values that somebody holds, by their hash.
    static MAPS: RefCell<HashMap<u64, Weak<Map<String, Value>>>> = RefCell::default();
    /// Bodies of objects and archives of code.
    static BYTES: RefCell<HashSet<Bytes>> = RefCell::default();
}

/// The text; the same memory for the same text, within a thread.
fn shared(text: &str, worth: usize) -> Arc<str> {
    if text.len() < worth {
        return text.into();
    }
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
    TEXTS.with_borrow_mut(|texts| {
        if let Some(known) = texts.get(&hash).and_then(Weak::upgrade).filter(|known| **known == *text) {
            return known;
        }
        if texts.len() == texts.capacity() {
            texts.retain(|_, held| held.strong_count() > 0);
        }
        let new: Arc<str> = text.into();
        texts.insert(hash, Arc::downgrade(&new));
        new
    })
}

/// The members of a value as they are read: the same memory for the same members, within a thread.
pub fn read_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Map<String, Value>>, D::Error> {
    Map::deserialize(deserializer).map(|map| shared_map(&map))
}

/// The same, where there may be none.
pub fn read_shared_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<Map<String, Value>>>, D::Error> {
    Option::<Map<String, Value>>::deserialize(deserializer).map(|map| map.as_ref().map(shared_map))
}

fn shared_map(map: &Map<String, Value>) -> Arc<Map<String, Value>> {
    // Members that stand in another order are others.
    let text = |map: &Map<String, Value>| serde_json::to_string(map).unwrap_or_default();
    let own = text(map);
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&own);
    MAPS.with_borrow_mut(|maps| {
        if let Some(known) = maps.get(&hash).and_then(Weak::upgrade).filter(|known| text(known) == own) {
            return known;
        }
        if maps.len() == maps.capacity() {
            maps.retain(|_, held| held.strong_count() > 0);
        }
        // A copy has no room to grow.
        let new = Arc::new(map.clone());
        maps.insert(hash, Arc::downgrade(&new));
        new
    })
}

/// The bytes; the same memory for the same bytes, within a thread, as far as it remembers them.
pub fn shared_bytes(bytes: Bytes) -> Bytes {
    if bytes.len() < WORTH {
        return bytes;
    }
    BYTES.with_borrow_mut(|known| {
        if let Some(same) = known.get(&bytes) {
            return same.clone();
        }
        if known.len() >= BODIES {
            known.retain(|held| !held.is_unique());
        }
        if known.len() < BODIES {
            known.insert(bytes.clone());
        }
        bytes
    })
}

/// A text that several hold: a template and the change set that brought it, the words of a stack's events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(shared(text, WORTH_TEXT))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}

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
        Self(shared(&value.to_string(), WORTH))
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

    #[test]
    fn equal_long_texts_and_bytes_are_kept_once() {
        let long = "x".repeat(WORTH);
        let (one, two) = (Text::from(long.as_str()), Text::from(long.as_str()));
        assert!(Arc::ptr_eq(&one.0, &two.0));
        let read: Text = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
        assert!(Arc::ptr_eq(&one.0, &read.0) && *read == *long);
        let map = || read_shared(json!({ "title": { "S": "Tides" } })).unwrap();
        let one = map();
        assert!(Arc::ptr_eq(&one, &map()) && one["title"]["S"] == "Tides");
        assert!(read_shared_or_none(Value::Null).unwrap().is_none());
        let bytes = || shared_bytes(Bytes::from(long.clone().into_bytes()));
        assert_eq!(bytes().as_ptr(), bytes().as_ptr());
        drop((one, two, read));
        // More than there is room for: what nobody holds makes way.
        let many: Vec<Text> = (0..1000).map(|n| Text::from(format!("{long}{n}").as_str())).collect();
        assert!(many.iter().enumerate().all(|(n, text)| **text == *format!("{long}{n}")));
        for n in 0..BODIES * 2 {
            shared_bytes(Bytes::from(format!("{long}{n}")));
        }
        assert!(BYTES.with_borrow(HashSet::len) <= BODIES);
    }
}
