#include <health.pb-c.h>
#include <orrb.pb-c.h>
#include <reflection.pb-c.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "server/server.h"
#include "server_descriptors.h"

typedef Grpc__Reflection__V1alpha__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1alpha__ServerReflectionResponse reflection_response;

enum { CODE_NOT_FOUND = 5, CODE_UNIMPLEMENTED = 12, REQUEST_MAX = 65536, FILES = 3 };

/* In the order of the descriptor set. */
static const struct {
    const char *name;
    const ProtobufCServiceDescriptor *service;
} files[FILES] = {
    {"orrb.proto", &orrb__render_service__descriptor},
    {"health.proto", &grpc__health__v1__health__descriptor},
    {"reflection.proto", &grpc__reflection__v1alpha__server_reflection__descriptor},
};

/* The FileDescriptorProto of a file: field 1 of a FileDescriptorSet, again and again. */
static ProtobufCBinaryData file_bytes(size_t file)
{
    const uint8_t *at = server_descriptors;
    size_t size = 0;
    for (size_t i = 0; i <= file; i++) {
        at += size + 1; /* what the build has made has the key 0x0a and nothing else */
        size = 0;
        for (unsigned shift = 0;; shift += 7) {
            uint8_t byte = *at++;
            size |= (size_t)(byte & 0x7f) << shift;
            if (byte < 0x80)
                break;
        }
    }
    return (ProtobufCBinaryData){size, (uint8_t *)at};
}

/* ---- which file has a symbol: a service, a method, a message or an enumeration ---- */

static bool message_has(const ProtobufCMessageDescriptor *message, const char *symbol)
{
    if (strcmp(message->name, symbol) == 0)
        return true;
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        const ProtobufCEnumDescriptor *values = field->type == PROTOBUF_C_TYPE_ENUM ? field->descriptor : NULL;
        const ProtobufCMessageDescriptor *inner = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        if ((values && strcmp(values->name, symbol) == 0) || (inner && inner != message && message_has(inner, symbol)))
            return true;
    }
    return false;
}

static bool service_has(const ProtobufCServiceDescriptor *service, const char *symbol)
{
    size_t length = strlen(service->name);
    if (strcmp(service->name, symbol) == 0)
        return true;
    for (unsigned i = 0; i < service->n_methods; i++) {
        const ProtobufCMethodDescriptor *method = &service->methods[i];
        if ((strncmp(symbol, service->name, length) == 0 && symbol[length] == '.' &&
             strcmp(symbol + length + 1, method->name) == 0) ||
            message_has(method->input, symbol) || message_has(method->output, symbol))
            return true;
    }
    return false;
}

/* FILES: no file. */
static size_t file_with(const char *symbol)
{
    size_t file = 0;
    while (file < FILES && !service_has(files[file].service, symbol))
        file++;
    /* The one message of orrb.proto that no method has. */
    return file == FILES && strcmp(symbol, orrb__renderer_config__descriptor.name) == 0 ? 0 : file;
}

static size_t file_named(const char *name)
{
    size_t file = 0;
    while (file < FILES && strcmp(files[file].name, name) != 0)
        file++;
    return file;
}

/* ---- answers ---- */

static void send_response(calo_call *call, const reflection_response *response)
{
    calo_blob packed = {0};
    size_t size = grpc__reflection__v1alpha__server_reflection_response__get_packed_size(response);
    uint8_t *bytes = calo_blob_reserve(&packed, size + 1, NULL);
    if (bytes) {
        grpc__reflection__v1alpha__server_reflection_response__pack(response, bytes);
        calo_call_send(call, bytes, size, NULL, true);
    } else {
        calo_call_fail(call, CALO_RPC_RESOURCE_EXHAUSTED, "there is no memory for the reply");
    }
    calo_blob_finish(&packed);
}

static void answer_error(calo_call *call, reflection_response *response, int code, char *sentence)
{
    Grpc__Reflection__V1alpha__ErrorResponse error = GRPC__REFLECTION__V1ALPHA__ERROR_RESPONSE__INIT;
    error.error_code = code;
    error.error_message = sentence;
    response->message_response_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    response->error_response = &error;
    send_response(call, response);
}

static void answer_file(calo_call *call, reflection_response *response, size_t file)
{
    Grpc__Reflection__V1alpha__FileDescriptorResponse descriptor =
        GRPC__REFLECTION__V1ALPHA__FILE_DESCRIPTOR_RESPONSE__INIT;
    if (file == FILES) {
        answer_error(call, response, CODE_NOT_FOUND, "there is no such file or symbol here: list the services");
        return;
    }
    ProtobufCBinaryData bytes = file_bytes(file);
    descriptor.n_file_descriptor_proto = 1;
    descriptor.file_descriptor_proto = &bytes;
    response->message_response_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    response->file_descriptor_response = &descriptor;
    send_response(call, response);
}

static void answer_list(calo_call *call, reflection_response *response)
{
    Grpc__Reflection__V1alpha__ListServiceResponse list = GRPC__REFLECTION__V1ALPHA__LIST_SERVICE_RESPONSE__INIT;
    Grpc__Reflection__V1alpha__ServiceResponse services[FILES], *pointers[FILES];
    for (size_t i = 0; i < FILES; i++) {
        services[i] = (Grpc__Reflection__V1alpha__ServiceResponse)GRPC__REFLECTION__V1ALPHA__SERVICE_RESPONSE__INIT;
        services[i].name = (char *)files[i].service->name;
        pointers[i] = &services[i];
    }
    list.n_service = FILES;
    list.service = pointers;
    response->message_response_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    response->list_services_response = &list;
    send_response(call, response);
}

static void answer(calo_call *call, reflection_request *request)
{
    reflection_response response = GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_RESPONSE__INIT;
    response.valid_host = request->host;
    response.original_request = request;
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        answer_list(call, &response);
        break;
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        answer_file(call, &response, file_named(request->file_by_filename));
        break;
    case GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        answer_file(call, &response, file_with(request->file_containing_symbol));
        break;
    default:
        answer_error(call, &response, CODE_UNIMPLEMENTED,
                     "there are no extensions here: ask for services, files or symbols");
    }
}

static void received(calo_call *call, const uint8_t *bytes, size_t size)
{
    if (!bytes) {
        calo_call_finish(call);
        return;
    }
    reflection_request *request =
        size <= REQUEST_MAX ? grpc__reflection__v1alpha__server_reflection_request__unpack(NULL, size, bytes) : NULL;
    if (request)
        answer(call, request);
    else
        calo_call_fail(call, CALO_RPC_INVALID_ARGUMENT,
                       "the message is not a grpc.reflection.v1alpha.ServerReflectionRequest");
    if (request)
        grpc__reflection__v1alpha__server_reflection_request__free_unpacked(request, NULL);
}

const calo_method calo_reflection_method = {
    .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    .stream = true,
    .received = received,
};
