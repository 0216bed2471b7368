//! ACM: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_acm::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    add_tags_to_certificate { set_certificate_arn set_tags }
    delete_certificate { set_certificate_arn }
    describe_certificate { set_certificate_arn }
    list_certificates {
        set_certificate_statuses set_includes set_next_token set_max_items set_sort_by set_sort_order
    }
    list_tags_for_certificate { set_certificate_arn }
    request_certificate {
        set_domain_name set_validation_method set_subject_alternative_names set_idempotency_token
        set_domain_validation_options set_options set_certificate_authority_arn set_tags set_key_algorithm
        set_managed_by
    }
}

shapes! {
    CertificateOptions { set_export }
    DomainValidationOption { set_domain_name set_validation_domain }
    Filters { set_extended_key_usage set_key_usage set_key_types set_export_option set_managed_by }
    Tag { set_key set_value }
}

words! {
    CertificateExport CertificateManagedBy CertificateStatus
    ExtendedKeyUsageName KeyAlgorithm KeyUsageName SortBy SortOrder ValidationMethod
}
