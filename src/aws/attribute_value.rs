//! DynamoDB's attribute values: `{"S": "text"}`, one key that names the type.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::Blob;
use serde_json::Value;

use super::convert::{FromJson, Refusal};

impl FromJson for AttributeValue {
    fn from_json(value: &Value) -> Result<Self, Refusal> {
        let mut entries = value.as_object().into_iter().flatten();
        let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
            return Err(Refusal::new("must be an attribute value with one type, such as {\"S\": \"text\"}"));
        };
        let attribute = match kind.as_str() {
            "S" => String::from_json(value).map(Self::S),
            "N" => String::from_json(value).map(Self::N),
            "B" => Blob::from_json(value).map(Self::B),
            "SS" => Vec::from_json(value).map(Self::Ss),
            "NS" => Vec::from_json(value).map(Self::Ns),
            "BS" => Vec::from_json(value).map(Self::Bs),
            "M" => HashMap::from_json(value).map(Self::M),
            "L" => Vec::from_json(value).map(Self::L),
            "NULL" => bool::from_json(value).map(Self::Null),
            "BOOL" => bool::from_json(value).map(Self::Bool),
            _ => return Err(Refusal::unmapped(kind)),
        };
        attribute.map_err(|refusal| refusal.under(kind))
    }
}
