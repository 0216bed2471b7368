//! Route 53: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_route53::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    change_resource_record_sets { set_hosted_zone_id set_change_batch }
    change_tags_for_resource { set_resource_type set_resource_id set_add_tags set_remove_tag_keys }
    create_health_check { set_caller_reference set_health_check_config }
    create_hosted_zone { set_name set_vpc set_caller_reference set_hosted_zone_config set_delegation_set_id }
    delete_health_check { set_health_check_id }
    delete_hosted_zone { set_id }
    get_change { set_id }
    get_health_check { set_health_check_id }
    get_health_check_status { set_health_check_id }
    get_hosted_zone { set_id }
    list_health_checks { set_marker set_max_items }
    list_hosted_zones { set_marker set_max_items set_delegation_set_id set_hosted_zone_type }
    list_hosted_zones_by_name { set_dns_name set_hosted_zone_id set_max_items }
    list_resource_record_sets {
        set_hosted_zone_id set_start_record_name set_start_record_type set_start_record_identifier set_max_items
    }
    list_tags_for_resource { set_resource_type set_resource_id }
    test_dns_answer {
        set_hosted_zone_id set_record_name set_record_type set_resolver_ip set_edns0_client_subnet_ip
        set_edns0_client_subnet_mask
    }
    update_health_check {
        set_health_check_id set_health_check_version set_ip_address set_port set_resource_path
        set_fully_qualified_domain_name set_search_string set_failure_threshold set_inverted set_disabled
        set_health_threshold set_child_health_checks set_enable_sni set_regions set_alarm_identifier
        set_insufficient_data_health_status set_reset_elements
    }
}

shapes! {
    AlarmIdentifier { set_region set_name }
    AliasTarget { set_hosted_zone_id set_dns_name set_evaluate_target_health }
    Change { set_action set_resource_record_set }
    ChangeBatch { set_comment set_changes }
    CidrRoutingConfig { set_collection_id set_location_name }
    Coordinates { set_latitude set_longitude }
    GeoLocation { set_continent_code set_country_code set_subdivision_code }
    GeoProximityLocation { set_aws_region set_local_zone_group set_coordinates set_bias }
    HealthCheckConfig {
        set_ip_address set_port set_type set_resource_path set_fully_qualified_domain_name set_search_string
        set_request_interval set_failure_threshold set_measure_latency set_inverted set_disabled set_health_threshold
        set_child_health_checks set_enable_sni set_regions set_alarm_identifier set_insufficient_data_health_status
        set_routing_control_arn
    }
    HostedZoneConfig { set_comment set_private_zone }
    ResourceRecord { set_value }
    ResourceRecordSet {
        set_name set_type set_set_identifier set_weight set_region set_geo_location set_failover
        set_multi_value_answer set_ttl set_resource_records set_alias_target set_health_check_id
        set_traffic_policy_instance_id set_cidr_routing_config set_geo_proximity_location
    }
    Tag { set_key set_value }
    Vpc { set_vpc_region set_vpc_id }
}

words! {
    ChangeAction CloudWatchRegion HealthCheckRegion HealthCheckType HostedZoneType InsufficientDataHealthStatus
    ResettableElementName ResourceRecordSetFailover ResourceRecordSetRegion RrType TagResourceType VpcRegion
}
