namespace QrLogin.Server.Http;

/// <summary>
/// Writes every problem as problem+json, whatever the request's <c>Accept</c> says: RFC 9110 §12.5.1 allows it, and a client of this API
/// is never left with an empty body. The framework's own writer would also add a trace id, by which equal answers would differ.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        Problem.Complete(context);
        return new ValueTask(context.HttpContext.Response.WriteAsJsonAsync(
            context.ProblemDetails, context.ProblemDetails.GetType(), options: null, "application/problem+json"));
    }
}
