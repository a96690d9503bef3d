using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using QrLogin.Server.Http;

namespace QrLogin.Server.Descriptions;

/// <summary>
/// The types of bodies. An answer has all its members, but for those that are left out where they are null; of a request,
/// <see cref="WireAttribute"/> says what has to be there, which the .NET types cannot: what is missing has to reach the validation.
/// </summary>
internal static class SchemaDescription
{
    public static Task CompleteAsync(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var described = context.JsonPropertyInfo?.AttributeProvider
            ?? (context.ParameterDescription?.ParameterDescriptor as IParameterInfoParameterDescriptor)?.ParameterInfo;
        if (described is not null && Wire(described) is { } wire)
        {
            Narrow(schema, wire);
        }

        if (context.JsonTypeInfo is { Kind: JsonTypeInfoKind.Object } type
            && type.Type.Assembly == typeof(SchemaDescription).Assembly)
        {
            schema.Required = type.Properties.Where(IsAlwaysThere).Select(each => each.Name).ToHashSet();
        }

        return Task.CompletedTask;
    }

    private static void Narrow(OpenApiSchema schema, WireAttribute wire)
    {
        schema.Type = wire.Optional ? schema.Type : schema.Type & ~JsonSchemaType.Null;
        // No enum: generated clients would write .NET's names of them, and break on one that is new.
        (schema.MinItems, schema.MaxItems, schema.MinLength, schema.MaxLength) = (wire.Least, wire.Most) switch
        {
            (_, 0) => (schema.MinItems, schema.MaxItems, schema.MinLength, schema.MaxLength),
            var (least, most) when schema.Type?.HasFlag(JsonSchemaType.Array) == true => (least, most, schema.MinLength, schema.MaxLength),
            var (least, most) => (schema.MinItems, schema.MaxItems, least, most),
        };
        schema.Pattern = wire.OneOf.Length > 0 ? $"^({string.Join('|', wire.OneOf)})$" : wire.Pattern ?? schema.Pattern;
    }

    /// <summary>Requests are public, for the framework's validation, and nothing else is.</summary>
    private static bool IsAlwaysThere(JsonPropertyInfo member) => member.DeclaringType.IsVisible
        ? Wire(member.AttributeProvider!) is { Optional: false }
        : member.AttributeProvider?.GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonIgnoreAttribute), false).Length == 0;

    private static WireAttribute? Wire(ICustomAttributeProvider described) =>
        described.GetCustomAttributes(typeof(WireAttribute), false).FirstOrDefault() as WireAttribute;
}
