// Reads {"openapi":…,"asyncapi":…} and ends with 1 and the faults where either is not valid.
import { Parser } from '@asyncapi/parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import { readFileSync } from 'node:fs'

const { openapi, asyncapi } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const validator = new Validator()
const { valid, errors } = await validator.validate(openapi)
const found = (await new Parser().validate(JSON.stringify(asyncapi))).filter(each => each.severity === 0)
console.log(`OpenAPI ${validator.version}: ${valid}; AsyncAPI ${asyncapi.asyncapi}: ${found.length === 0}`)
if (!valid || found.length > 0) {
  console.error(JSON.stringify({ errors, found }, null, 1))
  process.exit(1)
}
