//! API Gateway: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_apigateway::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    create_base_path_mapping { set_domain_name set_domain_name_id set_base_path set_rest_api_id set_stage }
    create_deployment {
        set_rest_api_id set_stage_name set_stage_description set_description set_cache_cluster_enabled
        set_cache_cluster_size set_variables set_canary_settings set_tracing_enabled
    }
    create_domain_name {
        set_domain_name set_certificate_name set_certificate_body set_certificate_private_key set_certificate_chain
        set_certificate_arn set_regional_certificate_name set_regional_certificate_arn set_endpoint_configuration
        set_tags set_security_policy set_endpoint_access_mode set_mutual_tls_authentication
        set_ownership_verification_certificate_arn set_policy set_routing_mode
    }
    create_resource { set_rest_api_id set_parent_id set_path_part }
    create_rest_api {
        set_name set_description set_version set_clone_from set_binary_media_types set_minimum_compression_size
        set_api_key_source set_endpoint_configuration set_policy set_tags set_disable_execute_api_endpoint
        set_security_policy set_endpoint_access_mode
    }
    delete_base_path_mapping { set_domain_name set_domain_name_id set_base_path }
    delete_domain_name { set_domain_name set_domain_name_id }
    delete_gateway_response { set_rest_api_id set_response_type }
    delete_rest_api { set_rest_api_id }
    delete_stage { set_rest_api_id set_stage_name }
    get_base_path_mapping { set_domain_name set_domain_name_id set_base_path }
    get_base_path_mappings { set_domain_name set_domain_name_id set_position set_limit }
    get_deployments { set_rest_api_id set_position set_limit }
    get_domain_name { set_domain_name set_domain_name_id }
    get_domain_names { set_position set_limit set_resource_owner }
    get_gateway_response { set_rest_api_id set_response_type }
    get_gateway_responses { set_rest_api_id set_position set_limit }
    get_resources { set_rest_api_id set_position set_limit set_embed }
    get_rest_api { set_rest_api_id }
    get_rest_apis { set_position set_limit }
    get_stage { set_rest_api_id set_stage_name }
    get_stages { set_rest_api_id set_deployment_id }
    put_gateway_response {
        set_rest_api_id set_response_type set_status_code set_response_parameters set_response_templates
    }
    put_integration {
        set_rest_api_id set_resource_id set_http_method set_type set_integration_http_method set_uri
        set_connection_type set_connection_id set_credentials set_request_parameters set_request_templates
        set_passthrough_behavior set_cache_namespace set_cache_key_parameters set_content_handling
        set_timeout_in_millis set_tls_config set_response_transfer_mode set_integration_target
    }
    put_method {
        set_rest_api_id set_resource_id set_http_method set_authorization_type set_authorizer_id set_api_key_required
        set_operation_name set_request_parameters set_request_models set_request_validator_id set_authorization_scopes
    }
    tag_resource { set_resource_arn set_tags }
}

shapes! {
    DeploymentCanarySettings { set_percent_traffic set_stage_variable_overrides set_use_stage_cache }
    EndpointConfiguration { set_types set_ip_address_type set_vpc_endpoint_ids }
    MutualTlsAuthenticationInput { set_truststore_uri set_truststore_version }
    TlsConfig { set_insecure_skip_verification }
}

words! {
    ApiKeySourceType CacheClusterSize ConnectionType ContentHandlingStrategy EndpointAccessMode EndpointType
    GatewayResponseType IntegrationType IpAddressType ResourceOwner ResponseTransferMode RoutingMode SecurityPolicy
}
