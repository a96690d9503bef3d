using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace QrLogin.Server.Http;

/// <summary>Options that are whole numbers, each with the range that its annotation gives.</summary>
internal static class NumberOptions
{
    /// <summary>
    /// Binds a section. A key that there is not, what is no number, or is out of its range, refuses to start with the names of the key and
    /// of the environment variable.
    /// </summary>
    public static IServiceCollection AddNumbers<T>(this IServiceCollection services, string section) where T : class
    {
        services.AddOptions<T>().Configure<IConfiguration>((options, configuration) =>
        {
            List<string> faults = [.. Faults<T>(configuration.GetSection(section))];
            if (faults.Count > 0)
            {
                throw new OptionsValidationException(section, typeof(T), faults);
            }

            configuration.GetSection(section).Bind(options);
        }).ValidateOnStart();
        return services;
    }

    private static IEnumerable<string> Faults<T>(IConfigurationSection section)
    {
        var keys = string.Join(", ", typeof(T).GetProperties().Select(key => key.Name));
        return
            from each in section.GetChildren()
            let property = typeof(T).GetProperty(each.Key, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)
            where property is not null || !each.GetChildren().Any() // else it is a section of its own
            let range = property?.GetCustomAttribute<RangeAttribute>()
            let path = $"{section.Path}:{property?.Name ?? each.Key}"
            let fault = range is null ? $"there is no such key; there are {keys}."
                : !int.TryParse(each.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !range.IsValid(number)
                ? $"\"{each.Value}\" is not a whole number from {range.Minimum} to {range.Maximum}."
                : null
            where fault is not null
            select $"{path} (environment variable {path.Replace(":", "__", StringComparison.Ordinal)}): {fault}";
    }
}
