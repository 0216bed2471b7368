//! S3: the two operations whose body is a stream of bytes.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

use super::convert::{Call, Refusal, Sent, sent};
use super::failure::{failure, unreadable};

/// Sets the members that the setters name.
macro_rules! with_members {
    ($request:expr, $members:ident { $($setter:ident)* }) => {
        $request$(.$setter($members.take(stringify!($setter))?))*
    };
}

/// The request for `call`; `None` when it is not one of the two.
pub(super) fn prepare(client: &Client, call: &Call<'_>) -> Option<Result<Sent, Refusal>> {
    if call.is("get_object") {
        Some(get_object(client, call))
    } else if call.is("put_object") {
        Some(put_object(client, call))
    } else {
        None
    }
}

fn get_object(client: &Client, call: &Call<'_>) -> Result<Sent, Refusal> {
    let members = call.members()?;
    let request = with_members!(client.get_object(), members {
        set_bucket set_if_match set_if_modified_since set_if_none_match set_if_unmodified_since set_key set_range
        set_response_cache_control set_response_content_disposition set_response_content_encoding
        set_response_content_language set_response_content_type set_response_expires set_version_id
        set_sse_customer_algorithm set_sse_customer_key set_sse_customer_key_md5 set_request_payer set_part_number
        set_expected_bucket_owner set_checksum_mode
    });
    members.finish()?;
    let request = request.customize().interceptor(call.capture.clone());
    Ok(Box::pin(async move {
        let output = request.send().await.map_err(|error| failure(&error))?;
        let body = output.body.collect().await.map_err(|error| unreadable(&error))?;
        Ok(Some(body.into_bytes()))
    }))
}

fn put_object(client: &Client, call: &Call<'_>) -> Result<Sent, Refusal> {
    let members = call.members()?;
    let request = with_members!(client.put_object(), members {
        set_acl set_bucket set_cache_control set_content_disposition set_content_encoding set_content_language
        set_content_length set_content_md5 set_content_type set_checksum_algorithm set_checksum_crc32
        set_checksum_crc32_c set_checksum_crc64_nvme set_checksum_sha1 set_checksum_sha256 set_checksum_sha512
        set_checksum_md5 set_checksum_xxhash64 set_checksum_xxhash3 set_checksum_xxhash128 set_expires set_if_match
        set_if_none_match set_grant_full_control set_grant_read set_grant_read_acp set_grant_write_acp set_key
        set_write_offset_bytes set_metadata set_server_side_encryption set_storage_class set_website_redirect_location
        set_sse_customer_algorithm set_sse_customer_key set_sse_customer_key_md5 set_ssekms_key_id
        set_ssekms_encryption_context set_bucket_key_enabled set_request_payer set_tagging set_object_lock_mode
        set_object_lock_retain_until_date set_object_lock_legal_hold_status set_expected_bucket_owner
    });
    members.finish()?;
    let body = ByteStream::from(call.payload.unwrap_or_default().to_vec());
    Ok(sent(request.body(body).customize().interceptor(call.capture.clone()).send()))
}
