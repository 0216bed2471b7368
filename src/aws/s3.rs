//! S3: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_s3::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    abort_multipart_upload {
        set_bucket set_key set_upload_id set_request_payer set_expected_bucket_owner set_if_match_initiated_time
    }
    copy_object {
        set_acl set_bucket set_cache_control set_checksum_algorithm set_content_disposition set_content_encoding
        set_content_language set_content_type set_copy_source set_copy_source_if_match
        set_copy_source_if_modified_since set_copy_source_if_none_match set_copy_source_if_unmodified_since
        set_expires set_grant_full_control set_grant_read set_grant_read_acp set_grant_write_acp set_if_match
        set_if_none_match set_key set_metadata set_metadata_directive set_tagging_directive set_server_side_encryption
        set_storage_class set_website_redirect_location set_sse_customer_algorithm set_sse_customer_key
        set_sse_customer_key_md5 set_ssekms_key_id set_ssekms_encryption_context set_bucket_key_enabled
        set_copy_source_sse_customer_algorithm set_copy_source_sse_customer_key set_copy_source_sse_customer_key_md5
        set_request_payer set_tagging set_object_lock_mode set_object_lock_retain_until_date
        set_object_lock_legal_hold_status set_expected_bucket_owner set_expected_source_bucket_owner
    }
    create_bucket {
        set_acl set_bucket set_create_bucket_configuration set_grant_full_control set_grant_read set_grant_read_acp
        set_grant_write set_grant_write_acp set_object_lock_enabled_for_bucket set_object_ownership
        set_bucket_namespace
    }
    delete_bucket { set_bucket set_expected_bucket_owner }
    delete_bucket_policy { set_bucket set_expected_bucket_owner }
    delete_bucket_replication { set_bucket set_expected_bucket_owner }
    delete_object {
        set_bucket set_key set_mfa set_version_id set_request_payer set_bypass_governance_retention
        set_expected_bucket_owner set_if_match set_if_match_last_modified_time set_if_match_size
    }
    delete_objects {
        set_bucket set_delete set_mfa set_request_payer set_bypass_governance_retention set_expected_bucket_owner
        set_checksum_algorithm
    }
    get_bucket_encryption { set_bucket set_expected_bucket_owner }
    get_bucket_location { set_bucket set_expected_bucket_owner }
    get_bucket_policy { set_bucket set_expected_bucket_owner }
    get_bucket_replication { set_bucket set_expected_bucket_owner }
    get_bucket_tagging { set_bucket set_expected_bucket_owner }
    get_bucket_versioning { set_bucket set_expected_bucket_owner }
    get_public_access_block { set_bucket set_expected_bucket_owner }
    head_bucket { set_bucket set_expected_bucket_owner }
    head_object {
        set_bucket set_if_match set_if_modified_since set_if_none_match set_if_unmodified_since set_key set_range
        set_response_cache_control set_response_content_disposition set_response_content_encoding
        set_response_content_language set_response_content_type set_response_expires set_version_id
        set_sse_customer_algorithm set_sse_customer_key set_sse_customer_key_md5 set_request_payer set_part_number
        set_expected_bucket_owner set_checksum_mode
    }
    list_buckets { set_max_buckets set_continuation_token set_prefix set_bucket_region }
    list_multipart_uploads {
        set_bucket set_delimiter set_encoding_type set_key_marker set_max_uploads set_prefix set_upload_id_marker
        set_expected_bucket_owner set_request_payer
    }
    list_object_versions {
        set_bucket set_delimiter set_encoding_type set_key_marker set_max_keys set_prefix set_version_id_marker
        set_expected_bucket_owner set_request_payer set_optional_object_attributes
    }
    list_objects {
        set_bucket set_delimiter set_encoding_type set_marker set_max_keys set_prefix set_request_payer
        set_expected_bucket_owner set_optional_object_attributes
    }
    list_objects_v2 {
        set_bucket set_delimiter set_encoding_type set_max_keys set_prefix set_continuation_token set_fetch_owner
        set_start_after set_request_payer set_expected_bucket_owner set_optional_object_attributes
    }
    put_bucket_encryption {
        set_bucket set_content_md5 set_checksum_algorithm set_server_side_encryption_configuration
        set_expected_bucket_owner
    }
    put_bucket_policy {
        set_bucket set_content_md5 set_checksum_algorithm set_confirm_remove_self_bucket_access set_policy
        set_expected_bucket_owner
    }
    put_bucket_replication {
        set_bucket set_content_md5 set_checksum_algorithm set_replication_configuration set_token
        set_expected_bucket_owner
    }
    put_bucket_tagging { set_bucket set_content_md5 set_checksum_algorithm set_tagging set_expected_bucket_owner }
    put_bucket_versioning {
        set_bucket set_content_md5 set_checksum_algorithm set_mfa set_versioning_configuration
        set_expected_bucket_owner
    }
    put_public_access_block {
        set_bucket set_content_md5 set_checksum_algorithm set_public_access_block_configuration
        set_expected_bucket_owner
    }
}

shapes! {
    AccessControlTranslation { set_owner }
    BlockedEncryptionTypes { set_encryption_type }
    BucketInfo { set_data_redundancy set_type }
    CreateBucketConfiguration { set_location_constraint set_location set_bucket set_tags }
    Delete { set_objects set_quiet }
    DeleteMarkerReplication { set_status }
    Destination {
        set_bucket set_account set_storage_class set_access_control_translation set_encryption_configuration
        set_replication_time set_metrics
    }
    EncryptionConfiguration { set_replica_kms_key_id }
    ExistingObjectReplication { set_status }
    LocationInfo { set_type set_name }
    Metrics { set_status set_event_threshold }
    ObjectIdentifier { set_key set_version_id set_e_tag set_last_modified_time set_size }
    PublicAccessBlockConfiguration {
        set_block_public_acls set_ignore_public_acls set_block_public_policy set_restrict_public_buckets
    }
    ReplicaModifications { set_status }
    ReplicationConfiguration { set_role set_rules }
    ReplicationRule {
        set_id set_priority set_prefix set_filter set_status set_source_selection_criteria
        set_existing_object_replication set_destination set_delete_marker_replication
    }
    ReplicationRuleAndOperator { set_prefix set_tags }
    ReplicationRuleFilter { set_prefix set_tag set_and }
    ReplicationTime { set_status set_time }
    ReplicationTimeValue { set_minutes }
    ServerSideEncryptionByDefault { set_sse_algorithm set_kms_master_key_id }
    ServerSideEncryptionConfiguration { set_rules }
    ServerSideEncryptionRule {
        set_apply_server_side_encryption_by_default set_bucket_key_enabled set_blocked_encryption_types
    }
    SourceSelectionCriteria { set_sse_kms_encrypted_objects set_replica_modifications }
    SseKmsEncryptedObjects { set_status }
    Tag { set_key set_value }
    Tagging { set_tag_set }
    VersioningConfiguration { set_mfa_delete set_status }
}

words! {
    BucketCannedAcl BucketLocationConstraint BucketNamespace BucketType BucketVersioningStatus ChecksumAlgorithm
    ChecksumMode DataRedundancy DeleteMarkerReplicationStatus EncodingType EncryptionType
    ExistingObjectReplicationStatus LocationType MetadataDirective MetricsStatus MfaDelete ObjectCannedAcl
    ObjectLockLegalHoldStatus ObjectLockMode ObjectOwnership OptionalObjectAttributes OwnerOverride
    ReplicaModificationsStatus ReplicationRuleStatus ReplicationTimeStatus RequestPayer ServerSideEncryption
    SseKmsEncryptedObjectsStatus StorageClass TaggingDirective
}
