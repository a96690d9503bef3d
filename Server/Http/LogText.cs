using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace QrLogin.Server.Http;

/// <summary>
/// Whatever a client wrote into a path or a header, a line of the log is one line, and no terminal obeys it (CWE-117): control and format
/// characters of every property are written as <c>\u000A</c>. Stateless; any thread may log.
/// </summary>
internal sealed class LogText : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        List<LogEventProperty>? harmless = null; // as a rule there is none to change
        foreach (var (name, value) in logEvent.Properties)
        {
            if (value is ScalarValue { Value: string text } && text.Any(IsHarmful))
            {
                (harmless ??= []).Add(new LogEventProperty(name, new ScalarValue(Escape(text))));
            }
        }

        harmless?.ForEach(logEvent.AddOrUpdateProperty);
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var each in text)
        {
            _ = IsHarmful(each) ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)each:X4}") : escaped.Append(each);
        }

        return escaped.ToString();
    }

    private static bool IsHarmful(char each) => char.GetUnicodeCategory(each) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
