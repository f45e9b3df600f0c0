"""Decorators that replace functions of MiniStack. They fail if there is no function of that name."""

import sys

from ministack.services.cloudformation import provisioners

# What CloudFormation does with each type of resource.
RESOURCES = provisioners._RESOURCE_HANDLERS


def replaces(module, name):
    """Replaces `module.name`, wherever MiniStack has imported it, by a function that also gets the original."""
    original = getattr(module, name)

    def decorate(ours):
        def replacement(*arguments, **named):
            return ours(original, *arguments, **named)

        packages = ("ministack", "samtranslator")
        for other in [other for key, other in sys.modules.items() if key.split(".")[0] in packages]:
            if getattr(other, name, None) is original:
                setattr(other, name, replacement)
        return ours

    return decorate


def after(kind):
    """Calls a function with the physical id and the properties of each created or updated resource."""
    create, update = RESOURCES[kind]["create"], RESOURCES[kind]["update"]

    def decorate(then):
        def created(logical, properties, stack):
            id, attributes = create(logical, properties, stack)
            then(id, properties)
            return id, attributes

        def updated(id, old, new, *stack):
            id, attributes = update(id, old, new, *stack)
            then(id, new)
            return id, attributes

        RESOURCES[kind] |= {"create": created, "update": updated}
        return then

    return decorate


def protects(kind):
    """Refuses to delete a resource of which a function says that it is protected."""
    delete = RESOURCES[kind]["delete"]

    def decorate(is_protected):
        def deleted(id, properties):
            if is_protected(id):
                raise ValueError(f"{id} is protected from deletion")
            delete(id, properties)

        RESOURCES[kind] |= {"delete": deleted}
        return is_protected

    return decorate
