// Checks a CloudFormation template against AWS's resource specification: types
// of resources; names, types, allowed values and presence of properties; what Ref
// and Fn::GetAtt name. Prints a line for each problem.
//
//	node check.js TEMPLATE
import { readFileSync } from 'node:fs';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';

const customResource = 'AWS::CloudFormation::CustomResource';
const primitives = { string: 'string', boolean: 'boolean', integer: 'number', number: 'number', 'date-time': 'string' };
const tag = { Key: { type: { type: 'string' }, required: true }, Value: { type: { type: 'string' }, required: true } };

const spec = await loadAwsServiceSpec();
const template = JSON.parse(readFileSync(process.argv[2], 'utf8'));

function specification(type) {
  const [found] = spec.lookup('resource', 'cloudFormationType', 'equals', type.startsWith('Custom::') ? customResource : type);
  return found;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

// intrinsic is the name of the function that an object calls, or undefined.
function intrinsic(value) {
  const names = isObject(value) ? Object.keys(value) : [];
  return names.length === 1 && /^(Ref|Fn::\w+)$/.test(names[0]) ? names[0] : undefined;
}

// What a function returns is known at deployment only, except for Fn::If.
function* check(value, type, path) {
  const called = intrinsic(value);
  if (called === 'Fn::If') {
    for (const branch of value[called].slice(1)) yield* check(branch, type, path);
  }
  if (called) return;
  switch (type.type) {
    case 'json':
      return;
    case 'array':
      if (!Array.isArray(value)) return yield `${path} is no list`;
      for (const [i, item] of value.entries()) yield* check(item, type.element, `${path}[${i}]`);
      return;
    case 'map':
      if (!isObject(value)) return yield `${path} is no object`;
      for (const [name, item] of Object.entries(value)) yield* check(item, type.element, `${path}.${name}`);
      return;
    case 'tag':
      return yield* checkObject(value, tag, path);
    case 'ref':
      return yield* checkObject(value, spec.get('typeDefinition', type.reference.$ref).properties, path);
    case 'union': {
      const problems = type.types.map((option) => [...check(value, option, path)]);
      if (problems.every((found) => found.length > 0)) yield* problems[0];
      return;
    }
    default:
      yield* checkPrimitive(value, type, path);
  }
}

function* checkPrimitive(value, type, path) {
  const expected = primitives[type.type];
  if (!expected) throw new Error(`the specification has a type that this check doesn't know: ${type.type}`);
  if (typeof value !== expected || (type.type === 'integer' && !Number.isInteger(value))) {
    yield `${path} is ${JSON.stringify(value)}, want ${type.type}`;
  } else if (type.allowedValues && !type.allowedValues.includes(value)) {
    yield `${path} is ${JSON.stringify(value)}, want one of ${type.allowedValues.join(', ')}`;
  }
}

function* checkObject(value, properties, path) {
  if (!isObject(value)) return yield `${path} is no object`;
  for (const [name, item] of Object.entries(value)) {
    if (properties[name]) yield* check(item, properties[name].type, `${path}.${name}`);
    else yield `${path}.${name} is no property`;
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.required && value[name] === undefined) yield `${path}.${name} is required`;
  }
}

function* checkResource(id, { Type: type, Properties: properties = {} }) {
  const found = specification(type);
  if (!found) return yield `${id}: ${type} is no resource type`;
  const known = { ...found.properties };
  if (type.startsWith('Custom::')) {
    for (const name of Object.keys(properties)) known[name] ??= { type: { type: 'json' } };
  }
  yield* checkObject(properties, known, id);
}

// checkReferences goes through all of the template.
function* checkReferences(value, path) {
  const called = intrinsic(value);
  if (called === 'Ref') {
    const name = value.Ref;
    if (!name.startsWith('AWS::') && !template.Resources[name] && !template.Parameters?.[name]) yield `${path} refers to ${name}, which there is not`;
  } else if (called === 'Fn::GetAtt') {
    const [id, attribute] = value[called];
    const type = template.Resources[id]?.Type;
    if (!type) yield `${path} refers to ${id}, which there is not`;
    else if (!type.startsWith('Custom::') && !specification(type)?.attributes[attribute]) yield `${path}: ${type} has no attribute ${attribute}`;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, item] of Object.entries(value)) yield* checkReferences(item, `${path}.${name}`);
}

for (const [id, resource] of Object.entries(template.Resources)) {
  for (const problem of checkResource(id, resource)) console.log(problem);
  for (const problem of checkReferences(resource, id)) console.log(problem);
}
for (const problem of checkReferences(template.Outputs ?? {}, 'Outputs')) console.log(problem);
